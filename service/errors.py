"""Every error a client can be answered with, and its one translation to RFC 9457 problem details."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that breaks a rule; `field` is its path in the body, such as `events[3].value`."""

    field: str
    rule: str


class ServiceError(Exception):
    """Root of the tree; `code` is stable and part of the API, `title` is for people."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "The request failed for a reason inside the service"
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail


class MalformedRequestError(ServiceError):
    status = 400
    code = "malformed_request"
    title = "The request could not be read"


class UnauthorizedError(ServiceError):
    """Deliberately without detail: every kind of bad key gets the same answer."""

    status = 401
    code = "unauthorized"
    title = "A valid API key is required"
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": "Bearer"}


class NotFoundError(ServiceError):
    status = 404
    code = "not_found"
    title = "There is no such resource"


class MethodNotAllowedError(ServiceError):
    status = 405
    code = "method_not_allowed"
    title = "The resource does not support this method"


class BodyTimeoutError(ServiceError):
    status = 408
    code = "body_timeout"
    title = "The body did not arrive in time"


class BodyTooLargeError(ServiceError):
    status = 413
    code = "body_too_large"
    title = "The body is too large"


class UnsupportedMediaTypeError(ServiceError):
    status = 415
    code = "unsupported_media_type"
    title = "The body must be application/json without a content encoding"


class ValidationError(ServiceError):
    """Names every bad field at once."""

    status = 422
    code = "validation_failed"
    title = "The body breaks one or more rules"

    def __init__(self, fields: tuple[FieldError, ...]) -> None:
        super().__init__()
        self.fields = fields


class PaymentsRejectedError(ServiceError):
    status = 422
    code = "payments_rejected"
    title = "The payment provider rejected the customer's data"


class ClientDisconnectedError(ServiceError):
    """Never reaches a client; it gives the request its place in the telemetry."""

    status = 499
    code = "client_disconnected"
    title = "The client went away before the request was complete"


class LedgerUnavailableError(ServiceError):
    """Nothing may be concluded about a write: it may or may not have happened, so the client repeats it."""

    status = 503
    code = "ledger_unavailable"
    title = "The ledger did not answer; repeat the request"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "1"}


class PaymentsUnavailableError(ServiceError):
    status = 503
    code = "payments_unavailable"
    title = "The payment provider did not answer; repeat the request"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "5"}


def problem(error: ServiceError, request_id: str) -> dict[str, object]:
    """RFC 9457 members, plus `code`, `request_id` and, where fields are at fault, `errors`."""
    document: dict[str, object] = {
        "type": f"urn:c2pa-billing:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "request_id": request_id,
    }
    if error.detail:
        document["detail"] = error.detail
    if isinstance(error, ValidationError):
        document["errors"] = [{"field": bad.field, "rule": bad.rule} for bad in error.fields]
    return document
