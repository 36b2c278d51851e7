"""Issues API keys for a tenant that has one already, and replaces them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from service.domain import api_key
from service.domain.api_key import ApiKey, Scope
from service.domain.seed import seeded_key
from service.errors import InsufficientScopeError, NotFoundError
from service.ledger.keyring import Keyring, StoredKey
from service.tenancy import Author

Issued = tuple[StoredKey, ApiKey]


@dataclass(frozen=True, slots=True)
class KeyOrder:
    """What a new key shall be; `expires_at` in unix seconds, None for a key that does not expire."""

    label: str
    scopes: frozenset[Scope]
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class KeyIssuer:
    """Nobody gets a key that may do more than the key they ask with; raises InsufficientScopeError."""

    keyring: Keyring
    pepper: bytes
    clock: Callable[[], datetime]

    async def issue(self, tenant_id: str, order: KeyOrder, granted: frozenset[Scope], author: Author) -> Issued:
        """Raises TooManyKeysError. The same seed gives the same key, however often it is asked for."""
        _require(order.scopes, granted)
        made = _made_before(await self._held(tenant_id), tenant_id, author)
        if made is not None:
            return made
        stored, key = self._new(tenant_id, order, author)
        await self.keyring.add(stored, author.entry("key.created", {"key_id": key.key_id, "label": order.label}))
        return stored, key

    async def rotate(
        self, tenant_id: str, key_id: str, overlap_seconds: int, granted: frozenset[Scope], author: Author
    ) -> Issued:
        """Replace a key by one with the same label, scopes and length of life; the old one ends after the overlap.

        Raises NotFoundError for a key that is no longer valid.
        """
        held, now = await self._held(tenant_id), int(self.clock().timestamp())
        made = _made_before(held, tenant_id, author)
        if made is not None:
            return made
        old = held.get(key_id)
        if old is None or not old.is_live(now):
            raise NotFoundError
        _require(old.scopes, granted)
        stored, key = self._new(tenant_id, _successor(old, now), author)
        ends_at = now + overlap_seconds if old.expires_at is None else min(now + overlap_seconds, old.expires_at)
        details: dict[str, str | int | None] = {"key_id": key_id, "successor": key.key_id, "expires_at": ends_at}
        await self.keyring.rotate(tenant_id, key_id, stored, ends_at, author.entry("key.rotated", details))
        return stored, key

    async def _held(self, tenant_id: str) -> dict[str, StoredKey]:
        return {key.key_id: key for key in await self.keyring.all_of(tenant_id)}

    def _new(self, tenant_id: str, order: KeyOrder, author: Author) -> Issued:
        now = int(self.clock().timestamp())
        key = seeded_key(author.seed, tenant_id, now)
        stored = StoredKey(
            key_id=key.key_id,
            tenant_id=tenant_id,
            digest=api_key.digest(key, self.pepper),
            scopes=order.scopes,
            label=order.label,
            created_at=now,
            expires_at=order.expires_at,
            last_used_at=None,
            revoked_at=None,
        )
        return stored, key


def _made_before(held: Mapping[str, StoredKey], tenant_id: str, author: Author) -> Issued | None:
    """The key of an earlier attempt with this seed; its text holds the time at which it was made."""
    stored = held.get(seeded_key(author.seed, tenant_id, 1).key_id)
    return None if stored is None else (stored, seeded_key(author.seed, tenant_id, stored.created_at))


def _successor(old: StoredKey, now: int) -> KeyOrder:
    lifetime = None if old.expires_at is None else old.expires_at - old.created_at
    return KeyOrder(old.label, old.scopes, None if lifetime is None else now + lifetime)


def _require(wanted: frozenset[Scope], granted: frozenset[Scope]) -> None:
    missing = sorted(wanted - granted)
    if missing:
        raise InsufficientScopeError(f"a key cannot give what it lacks: {', '.join(missing)}")
