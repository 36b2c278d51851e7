"""The address under which the sandbox was called, for the pages that its answers link to."""

from contextvars import ContextVar

CURRENT_ORIGIN: ContextVar[str] = ContextVar("current_origin", default="http://127.0.0.1")


def url_of(path: str) -> str:
    """A page of the sandbox, as the caller of the current request can reach it."""
    return f"{CURRENT_ORIGIN.get()}{path}"
