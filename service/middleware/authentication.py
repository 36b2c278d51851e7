"""Admits only holders of an API key or a session, except to the routes that are public."""

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from service.admission import Admission
from service.api.route import Routes
from service.authenticator import Authenticator
from service.errors import InsufficientScopeError
from service.middleware.session_cookie import CSRF_HEADER, is_foreign, session_token
from service.parts import ACTOR, ADMISSION, SCOPES, TENANT_ID
from service.telemetry.logs import CURRENT_TENANT

SAFE_METHODS = frozenset({"GET", "HEAD"})


def authenticate(authenticator: Authenticator, routes: Routes) -> Middleware:
    """Refuse by default: only a route without a scope needs no key. Unmatched paths go on to their 404."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        route = routes.of(request)
        if route is None or route.scope is None:
            return await handler(request)
        admission = await _admit(authenticator, request)
        request[ADMISSION] = admission
        request[TENANT_ID], request[SCOPES] = admission.tenant_id, admission.scopes
        request[ACTOR] = f"key:{admission.key_id}"
        CURRENT_TENANT.set(request[TENANT_ID])
        if route.scope not in admission.scopes:
            raise InsufficientScopeError(f"this request needs {route.scope}")
        return await handler(request)

    return middleware


async def _admit(authenticator: Authenticator, request: web.Request) -> Admission:
    """A key, where one is given, counts alone. A session counts only for requests of our own pages."""
    token = session_token(request)
    if token is None or hdrs.AUTHORIZATION in request.headers or is_foreign(request):
        return await authenticator.admit(request.headers.get(hdrs.AUTHORIZATION, ""))
    csrf_token = None if request.method in SAFE_METHODS else request.headers.get(CSRF_HEADER, "")
    return await authenticator.admit_session(token, csrf_token)
