"""`/session`: lets a browser see an account for a while without holding the API key."""

from aiohttp import web

from service.api.route import Answer, Route
from service.domain.api_key import Scope
from service.domain.schema import Instant, Nullable, Record, Text
from service.domain.tenant import TENANT_ID
from service.domain.timestamp import format_seconds
from service.middleware.session_cookie import clear_session, session_token, set_session
from service.parts import ADMISSION, CLOCK, SEED, SESSIONS
from service.sessions import Session

_CSRF = Text(
    43,
    min_length=43,
    pattern="[0-9A-Za-z_-]{43}",
    about="For the header X-CSRF-Token, wherever something may change.",
)
SESSION = Record(
    {"tenant_id": Nullable(TENANT_ID), "csrf_token": Nullable(_CSRF), "expires_at": Nullable(Instant())},
    name="Session",
    about="All null where there is no session.",
)
_COOKIE = {"Set-Cookie": "The session; `Secure`, `HttpOnly`, `SameSite=Strict`."}


async def open_session(request: web.Request) -> web.Response:
    token, session = request.app[SESSIONS].open(request[ADMISSION], request[SEED])
    response = web.json_response(_shown(session), status=201)
    set_session(response, token, session.expires_at - _now(request))
    return response


async def read_session(request: web.Request) -> web.Response:
    token = session_token(request)
    session = None if token is None else await request.app[SESSIONS].find(token)
    return web.json_response(_shown(session))


async def end_session(request: web.Request) -> web.Response:
    token = session_token(request)
    if token is not None:
        await request.app[SESSIONS].burn(token)
    response = web.Response(status=204)
    clear_session(response)
    return response


def _now(request: web.Request) -> int:
    return int(request.app[CLOCK]().timestamp())


def _shown(session: Session | None) -> dict[str, object]:
    if session is None:
        return dict.fromkeys(SESSION.fields)
    expires_at = format_seconds(session.expires_at)
    return {"tenant_id": session.tenant_id, "csrf_token": session.csrf_token, "expires_at": expires_at}


ROUTES = (
    Route(
        "POST",
        "/session",
        open_session,
        scope=Scope.TENANT_READ,
        tag="Session",
        summary="Open a session for a browser",
        about="With an API key. The session lasts 15 minutes, may read the tenant, its usage and its bill and open "
        "Stripe's pages, and ends with its key.",
        answers=(Answer(201, "The session.", SESSION, headers=_COOKIE),),
        idempotent=True,
        by_key_only=True,  # else a session could prolong itself for ever
    ),
    Route(
        "GET",
        "/session",
        read_session,
        scope=None,
        tag="Session",
        summary="Read the session of this browser",
        answers=(Answer(200, "The session, or nulls.", SESSION),),
    ),
    Route(
        "DELETE",
        "/session",
        end_session,
        scope=None,
        tag="Session",
        summary="End the session of this browser",
        about="The session's token is refused everywhere from then on, within a second. Repeating it changes nothing.",
        answers=(Answer(204, "There is no session any more.", headers=_COOKIE),),
    ),
)
