"""Admits only holders of an API key, except to the routes that are public."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from time import monotonic

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from service.domain import api_key
from service.errors import UnauthorizedError
from service.ledger.tenants import TenantBook
from service.parts import TENANT_ID
from service.telemetry.logs import CURRENT_TENANT

CACHE_SECONDS = 1.0
_CACHE_SIZE = 10_000


@dataclass(frozen=True, slots=True)
class _Admission:
    tenant_id: str
    expires: float


class Authenticator:
    """Finds the tenant of a presented key; remembers successes for at most CACHE_SECONDS."""

    def __init__(self, book: TenantBook, pepper: bytes, clock: Callable[[], float] = monotonic) -> None:
        self._book = book
        self._pepper = pepper
        self._clock = clock
        self._admitted: dict[bytes, _Admission] = {}

    async def tenant_of(self, authorization: str) -> str:
        """Return the tenant id; raises UnauthorizedError for every bad key alike, or LedgerUnavailableError."""
        scheme, _, text = authorization.partition(" ")
        key = api_key.parse(text) if scheme.lower() == "bearer" else None
        if key is None:
            raise UnauthorizedError
        presented = api_key.digest(key, self._pepper)
        return self._remembered(presented) or await self._look_up(key.key_id, presented)

    def _remembered(self, presented: bytes) -> str | None:
        admission = self._admitted.get(presented)
        return admission.tenant_id if admission and self._clock() < admission.expires else None

    async def _look_up(self, key_id: str, presented: bytes) -> str:
        stored = await self._book.read_key(key_id)
        if stored is None or not api_key.matches(presented, stored.digest):
            raise UnauthorizedError
        if len(self._admitted) >= _CACHE_SIZE:
            self._admitted.clear()
        self._admitted[presented] = _Admission(stored.tenant_id, self._clock() + CACHE_SECONDS)
        return stored.tenant_id


def authenticate(authenticator: Authenticator, public: Collection[Handler]) -> Middleware:
    """Refuse by default: a route that is not in `public` needs a key. Unmatched paths go on to their 404."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        route = request.match_info.route
        if route.resource is None or route.handler in public:
            return await handler(request)
        request[TENANT_ID] = await authenticator.tenant_of(request.headers.get(hdrs.AUTHORIZATION, ""))
        CURRENT_TENANT.set(request[TENANT_ID])
        return await handler(request)

    return middleware
