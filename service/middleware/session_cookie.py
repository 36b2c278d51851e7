"""The cookie that holds a session's token, and the header that goes with it."""

from aiohttp import hdrs, web

from service.tokens import MAX_TOKEN_LENGTH

# The prefix makes browsers refuse it without Secure, from another path, or for a whole domain.
SESSION_COOKIE = "__Host-c2pa-billing"
CSRF_HEADER = "X-CSRF-Token"


def session_token(request: web.Request) -> str | None:
    token = request.cookies.get(SESSION_COOKIE)
    return token if token and len(token) <= MAX_TOKEN_LENGTH else None


def is_foreign(request: web.Request) -> bool:
    """Whether the browser says that another site, or a sibling of ours, made the request."""
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")


def set_session(response: web.Response, token: str, seconds: int) -> None:
    _set(response, token, seconds)


def clear_session(response: web.Response) -> None:
    _set(response, "", 0)


def _set(response: web.Response, token: str, seconds: int) -> None:
    attributes = f"Max-Age={seconds}; Path=/; Secure; HttpOnly; SameSite=Strict"
    response.headers[hdrs.SET_COOKIE] = f"{SESSION_COOKIE}={token}; {attributes}"
