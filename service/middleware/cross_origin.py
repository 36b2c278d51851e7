"""Cross-origin requests: the configured origins, each exactly as it is written, and nobody else.

There are no credentials in it: a browser's page that may call the API presents an API key itself.
"""

from collections.abc import Iterable, Mapping

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from service.api.route import Routes

MAX_AGE_SECONDS = 600
REQUEST_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match"
EXPOSED_HEADERS = (
    "ETag, Idempotent-Replayed, RateLimit, RateLimit-Policy, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, "
    "X-RateLimit-Reset, X-Request-Id"
)


def answer_preflights(origins: frozenset[str], routes: Routes) -> Middleware:
    """Answer what a browser asks before it lets a page call the API; any other OPTIONS is a method like others."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method != hdrs.METH_OPTIONS or hdrs.ACCESS_CONTROL_REQUEST_METHOD not in request.headers:
            return await handler(request)
        return web.Response(status=204, headers=_permission(request, origins, routes))

    return middleware


def cross_origin_headers(request: web.BaseRequest, origins: frozenset[str]) -> Mapping[str, str]:
    """What every answer says of itself; caches must not give one origin's answer to another."""
    origin = _allowed(request, origins)
    if origin is None:
        return {hdrs.VARY: hdrs.ORIGIN}
    return {
        hdrs.VARY: hdrs.ORIGIN,
        hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: origin,
        hdrs.ACCESS_CONTROL_EXPOSE_HEADERS: EXPOSED_HEADERS,
    }


def _permission(request: web.Request, origins: frozenset[str], routes: Routes) -> Mapping[str, str]:
    if _allowed(request, origins) is None:
        return {}
    return {
        hdrs.ACCESS_CONTROL_ALLOW_METHODS: ", ".join(_methods(request, routes)),
        hdrs.ACCESS_CONTROL_ALLOW_HEADERS: REQUEST_HEADERS,
        hdrs.ACCESS_CONTROL_MAX_AGE: str(MAX_AGE_SECONDS),
    }


def _allowed(request: web.BaseRequest, origins: frozenset[str]) -> str | None:
    """The configured origin that the request names; what is sent back is never the client's own text."""
    given = request.headers.get(hdrs.ORIGIN)
    return next((origin for origin in origins if given == origin), None)


def _methods(request: web.Request, routes: Routes) -> Iterable[str]:
    info = request.match_info.http_exception
    allowed = info.allowed_methods if isinstance(info, web.HTTPMethodNotAllowed) else set()
    return sorted(allowed & {route.method for route in routes})
