"""Lets a person's browser act for a tenant for a quarter of an hour without holding an API key."""

import base64
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from service.admission import Admission
from service.domain.api_key import Scope
from service.domain.seed import derive
from service.errors import UnauthorizedError
from service.ledger.admission import KeyGate
from service.ledger.burnt_sessions import BurntSessions
from service.ledger.stored_key import StoredKey
from service.tokens import Claims, Purpose, Tokens

LIFETIME_SECONDS = 15 * 60
SESSION_SCOPES = frozenset({Scope.TENANT_READ, Scope.BILLING_READ, Scope.BILLING_WRITE, Scope.USAGE_READ})
"""What the page needs: standing, usage, bill, and Stripe's pages. A session never gets more than its key has."""

_KEY_ID = "key_id"
_CSRF_PURPOSE = "csrf"


@dataclass(frozen=True, slots=True)
class Session:
    """`csrf_token` must come with every request that may change something."""

    tenant_id: str
    expires_at: int
    csrf_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sessions:
    """A session ends with its time, with the key that opened it, or when it is burnt.

    Raises UnauthorizedError for every session that is not there alike, and LedgerUnavailableError.
    """

    tokens: Tokens
    gate: KeyGate
    burnt: BurntSessions
    clock: Callable[[], datetime]

    def open(self, admission: Admission, seed: bytes) -> tuple[str, Session]:
        """Return the token for the cookie, and the session; it ends with its key if that is earlier."""
        now = int(self.clock().timestamp())
        left = LIFETIME_SECONDS if admission.expires_at is None else admission.expires_at - now
        seconds = min(LIFETIME_SECONDS, left)
        token_id = derive(seed, "session id").hex()
        private = {_KEY_ID: admission.key_id}
        text, claims = self.tokens.issue(Purpose.SESSION, admission.tenant_id, token_id, seconds, **private)
        return text, self._session(claims)

    async def find(self, text: str) -> Session | None:
        """The session of the token; None where it has ended."""
        claims = self.tokens.read(Purpose.SESSION, text)
        return self._session(claims) if claims is not None and await self._key_of(claims) else None

    async def admit(self, text: str, csrf_token: str | None) -> Admission:
        """Return whom the session lets in; `csrf_token` is None where the request cannot change anything."""
        claims = self.tokens.read(Purpose.SESSION, text)
        if claims is None or not (csrf_token is None or self._is_right(claims, csrf_token)):
            raise UnauthorizedError
        key = await self._key_of(claims)
        if key is None:
            raise UnauthorizedError
        return Admission(claims.subject, key.key_id, key.scopes & SESSION_SCOPES, claims.expires_at, by_session=True)

    async def burn(self, text: str) -> None:
        """End the session everywhere; nothing is done where it has ended."""
        claims = self.tokens.read(Purpose.SESSION, text)
        if claims is not None:
            await self.burnt.burn(claims.token_id, LIFETIME_SECONDS)

    async def _key_of(self, claims: Claims) -> StoredKey | None:
        """The key that opened the session; None where either has ended."""
        key = await self.gate.read(claims.private[_KEY_ID])
        live = key.is_live(int(self.clock().timestamp())) and key.tenant_id == claims.subject
        return key if live and not await self.burnt.holds(claims.token_id) else None

    def _session(self, claims: Claims) -> Session:
        return Session(claims.subject, claims.expires_at, next(self._csrf_tokens(claims)))

    def _csrf_tokens(self, claims: Claims) -> Iterator[str]:
        """The newest first: a page keeps the one that it got while JWT_SECRET is rotated."""
        for key in self.tokens.keys(_CSRF_PURPOSE):
            digest = hmac.digest(key, claims.token_id.encode(), "sha256")
            yield base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def _is_right(self, claims: Claims, presented: str) -> bool:
        given = presented.encode(errors="surrogateescape")
        return any(hmac.compare_digest(right.encode(), given) for right in self._csrf_tokens(claims))
