"""Admits only holders of an API key, except to the routes that are public."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from service.api.route import Routes
from service.domain import api_key
from service.domain.api_key import Scope
from service.errors import InsufficientScopeError, UnauthorizedError
from service.ledger.keyring import Keyring, StoredKey
from service.parts import ACTOR, SCOPES, TENANT_ID
from service.telemetry.logs import CURRENT_TENANT

CACHE_SECONDS = 1.0
_CACHE_SIZE = 10_000


@dataclass(frozen=True, slots=True)
class Admission:
    """Whom a key lets in, to what, and until when (unix seconds, None for good)."""

    tenant_id: str
    key_id: str
    scopes: frozenset[Scope]
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class _Memory:
    admission: Admission
    until: float


class Authenticator:
    """Finds the tenant of a presented key; remembers successes for CACHE_SECONDS, and never beyond a key's expiry."""

    def __init__(
        self,
        keyring: Keyring,
        pepper: bytes,
        clock: Callable[[], datetime],
        cache_clock: Callable[[], float] = monotonic,
    ) -> None:
        self._keyring = keyring
        self._pepper = pepper
        self._clock = clock
        self._cache_clock = cache_clock
        self._admitted: dict[bytes, _Memory] = {}

    async def admit(self, authorization: str) -> Admission:
        """Raises UnauthorizedError for every bad key alike, or LedgerUnavailableError."""
        scheme, _, text = authorization.partition(" ")
        key = api_key.parse(text) if scheme.lower() == "bearer" else None
        if key is None:
            raise UnauthorizedError
        presented = api_key.digest(key, self._pepper)
        admission = self._remembered(presented) or await self._look_up(key.key_id, presented)
        if admission.expires_at is not None and self._clock().timestamp() >= admission.expires_at:
            raise UnauthorizedError
        return admission

    def forget(self, key_id: str) -> None:
        """Drop what is remembered of a key, because it was revoked or will end earlier."""
        stale = [digest for digest, memory in self._admitted.items() if memory.admission.key_id == key_id]
        for digest in stale:
            del self._admitted[digest]

    def _remembered(self, presented: bytes) -> Admission | None:
        memory = self._admitted.get(presented)
        return memory.admission if memory and self._cache_clock() < memory.until else None

    async def _look_up(self, key_id: str, presented: bytes) -> Admission:
        asked_at = self._cache_clock()
        stored = await self._keyring.admit(key_id, int(self._clock().timestamp()), presented)
        if stored is None:
            raise UnauthorizedError
        if len(self._admitted) >= _CACHE_SIZE:
            self._admitted.clear()
        admission = _admission(stored)
        self._admitted[presented] = _Memory(admission, asked_at + CACHE_SECONDS)
        return admission


def _admission(stored: StoredKey) -> Admission:
    return Admission(stored.tenant_id, stored.key_id, stored.scopes, stored.expires_at)


def authenticate(authenticator: Authenticator, routes: Routes) -> Middleware:
    """Refuse by default: only a route without a scope needs no key. Unmatched paths go on to their 404."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        route = routes.of(request)
        if route is None or route.scope is None:
            return await handler(request)
        admission = await authenticator.admit(request.headers.get(hdrs.AUTHORIZATION, ""))
        request[TENANT_ID], request[SCOPES] = admission.tenant_id, admission.scopes
        request[ACTOR] = f"key:{admission.key_id}"
        CURRENT_TENANT.set(request[TENANT_ID])
        if route.scope not in admission.scopes:
            raise InsufficientScopeError(f"this request needs {route.scope}")
        return await handler(request)

    return middleware
