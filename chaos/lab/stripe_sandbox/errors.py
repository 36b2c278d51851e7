"""Stripe's error object, and the few ways in which a request can be wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class RefusedError(Exception):
    """A request that is answered with an error object; `kind` is Stripe's error type."""

    status: int
    message: str
    kind: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    decline_code: str | None = None

    def document(self) -> dict[str, Any]:
        """The answer's body."""
        error = {"type": self.kind, "message": self.message}
        optional = {"code": self.code, "param": self.param, "decline_code": self.decline_code}
        return {"error": error | {name: text for name, text in optional.items() if text is not None}}


def unknown_parameter(param: str) -> RefusedError:
    """A parameter that the endpoint does not take."""
    return RefusedError(400, f"Received unknown parameter: {param}", code="parameter_unknown", param=param)


def missing_parameter(param: str) -> RefusedError:
    """A required parameter was left out."""
    return RefusedError(400, f"Missing required param: {param}.", code="parameter_missing", param=param)


def invalid_parameter(param: str, message: str, code: str = "parameter_invalid") -> RefusedError:
    """A parameter has a value that cannot be taken."""
    return RefusedError(400, message, code=code, param=param)


def no_such(kind: str, identifier: str, param: str = "id") -> RefusedError:
    """An object that does not exist: 404 when the path names it, 400 when a parameter does."""
    status = 404 if param == "id" else 400
    return RefusedError(status, f"No such {kind}: '{identifier}'", code="resource_missing", param=param)


def unknown_url(method: str, path: str) -> RefusedError:
    """A path that is no endpoint."""
    return RefusedError(404, f"Unrecognized request URL ({method}: {path}).")


def unauthorized(message: str) -> RefusedError:
    """No key, or a key that is refused."""
    return RefusedError(401, message, headers={"WWW-Authenticate": 'Bearer realm="Stripe"'})
