"""Every error a client can be answered with, and its one translation to RFC 9457 problem details."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

MAX_FIELD_ERRORS = 100
MAX_FIELD_PATH = 200
"""Of what an answer says about bad fields: a body of nothing but faults is not answered with a longer one."""


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

    def answer_headers(self) -> Mapping[str, str]:
        """Headers that the answer has beside its media type."""
        return self.headers


class InvalidSignatureError(ServiceError):
    """Deliberately without detail: the sender of a forged webhook learns nothing."""

    status = 400
    code = "invalid_signature"
    title = "The webhook's signature is missing, wrong or out of its time"


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


class InsufficientScopeError(ServiceError):
    status = 403
    code = "insufficient_scope"
    title = "The API key lacks the scope that this request needs"


class TenantSuspendedError(ServiceError):
    status = 403
    code = "tenant_suspended"
    title = "The tenant is suspended until its open invoices are paid"


class TenantCanceledError(ServiceError):
    status = 403
    code = "tenant_canceled"
    title = "The tenant is canceled"


class SignupClosedError(ServiceError):
    status = 403
    code = "signup_by_invitation"
    title = "Tenants are created by the operator only"


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


class HeaderTimeoutError(ServiceError):
    status = 408
    code = "header_timeout"
    title = "The head of the request did not arrive in time"


class IdempotencyInFlightError(ServiceError):
    status = 409
    code = "idempotency_in_flight"
    title = "A request with this Idempotency-Key is still being worked on; repeat the request"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "1"}


class VersionConflictError(ServiceError):
    """Two writers met; the loser repeats its request."""

    status = 409
    code = "version_conflict"
    title = "The resource was changed at the same time; read it again and repeat the request"


class LeaseBusyError(ServiceError):
    """Somebody else decides on the tenant's standing just now. Only workers meet it, and they try again."""

    status = 503
    code = "lease_busy"
    title = "The tenant's standing is being decided by somebody else"


class LeaseLostError(ServiceError):
    """The lease passed on before the decision was written. Only workers meet it, and they try again."""

    status = 503
    code = "lease_lost"
    title = "The tenant's standing was decided by somebody else in the meantime"


class FenceLostError(ServiceError):
    """The shard has passed to another worker, so nothing was changed. Only workers meet it, and they stop at once."""

    status = 503
    code = "fence_lost"
    title = "The shard belongs to another worker by now"


class LastKeyError(ServiceError):
    status = 409
    code = "last_key"
    title = "The last key that may manage keys cannot be revoked; create or rotate one first"


class TooManyKeysError(ServiceError):
    status = 409
    code = "too_many_keys"
    title = "The tenant has as many API keys as it may have; revoke one first"


class PreconditionFailedError(ServiceError):
    status = 412
    code = "precondition_failed"
    title = "The resource is not in the version that If-Match names; read it again"


class BodyTooLargeError(ServiceError):
    status = 413
    code = "body_too_large"
    title = "The body is too large"


class UnsupportedMediaTypeError(ServiceError):
    status = 415
    code = "unsupported_media_type"
    title = "The body must be application/json without a content encoding"


class ValidationError(ServiceError):
    """Names every bad field at once, up to MAX_FIELD_ERRORS; `more` counts the others."""

    status = 422
    code = "validation_failed"
    title = "The body breaks one or more rules"

    def __init__(self, fields: tuple[FieldError, ...]) -> None:
        super().__init__()
        self.fields = fields[:MAX_FIELD_ERRORS]
        self.more = len(fields) - len(self.fields)


class ExpectationFailedError(ServiceError):
    status = 417
    code = "expectation_failed"
    title = "The request expects something other than 100-continue"


class IdempotencyKeyReusedError(ServiceError):
    status = 422
    code = "idempotency_key_reused"
    title = "The Idempotency-Key was already used with another request"


class CorrectionExceedsUsageError(ServiceError):
    status = 422
    code = "correction_exceeds_usage"
    title = "The correction would take the hour's usage below zero"


class CorrectionConflictError(ServiceError):
    status = 409
    code = "correction_conflict"
    title = "A correction with this id and another content was already made"


class PaymentsRejectedError(ServiceError):
    status = 422
    code = "payments_rejected"
    title = "The payment provider rejected the customer's data"


class ClientDisconnectedError(ServiceError):
    """Never reaches a client; it gives the request its place in the telemetry."""

    status = 499
    code = "client_disconnected"
    title = "The client went away before the request was complete"


class LimitExceededError(ServiceError):
    """A limit let nothing of the reported usage pass; `results` says what became of each event."""

    status = 429

    def __init__(self, results: Sequence[Mapping[str, object]] = (), headers: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.results = results
        self._answer_headers = headers or {}

    def answer_headers(self) -> Mapping[str, str]:
        return self._answer_headers


class TrialLimitExceededError(LimitExceededError):
    code = "TRIAL_LIMIT_EXCEEDED"
    title = "The trial's allowance is used up; add a payment method to go on"


class DailyCostCapExceededError(LimitExceededError):
    """`Retry-After` is the time until the next UTC day; the handler knows it."""

    code = "DAILY_COST_CAP_EXCEEDED"
    title = "The plan's daily cost cap is reached; it opens again with the next UTC day"


class RateLimitedError(ServiceError):
    """`RateLimit` and `X-RateLimit` headers say which quota is used up."""

    status = 429
    code = "rate_limited"
    title = "Too many requests; repeat the request after the time that Retry-After says"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__()
        self._retry_after_seconds = retry_after_seconds

    def answer_headers(self) -> Mapping[str, str]:
        return {"Retry-After": str(self._retry_after_seconds)}


class OverloadedError(ServiceError):
    """Said before anything was done for the request."""

    status = 503
    code = "overloaded"
    title = "The service has more to do than it can; nothing was done, repeat the request"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "1"}


class LedgerUnavailableError(ServiceError):
    """Nothing may be concluded about a write: it may or may not have happened, so the client repeats it."""

    status = 503
    code = "ledger_unavailable"
    title = "The ledger did not answer; repeat the request"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "1"}


class MailUnavailableError(ServiceError):
    status = 503
    code = "mail_unavailable"
    title = "The confirmation could not be mailed; repeat the request"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "5"}


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
        document["errors"] = [{"field": bad.field[:MAX_FIELD_PATH], "rule": bad.rule} for bad in error.fields]
        if error.more:
            document["more_errors"] = error.more
    if isinstance(error, LimitExceededError):
        document["results"] = list(error.results)
    return document
