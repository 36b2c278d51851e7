"""The API keys of a tenant.

A change is decided here on what was read, and committed only if no other change came between; else it is decided anew.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from service.domain.audit_entry import AuditEntry
from service.errors import LastKeyError, NotFoundError, TooManyKeysError, VersionConflictError
from service.ledger import keys
from service.ledger.audit_trail import entry_arguments
from service.ledger.connection import Ledger, Operation
from service.ledger.scripts import load_script
from service.ledger.stored_key import StoredKey, from_key_fields, to_key_fields

__all__ = ["MAX_LIVE_KEYS", "Keyring", "StoredKey"]

MAX_LIVE_KEYS = 50
_ATTEMPTS = 5
_REVISION = "revision"


@dataclass(frozen=True, slots=True)
class Ring:
    """All keys of a tenant by id, as of one revision; empty where there is no such tenant."""

    revision: int
    keys: dict[str, StoredKey]

    def key(self, key_id: str) -> StoredKey:
        if key_id not in self.keys:
            raise NotFoundError
        return self.keys[key_id]

    def holds(self, key: StoredKey) -> bool:
        return key.key_id in self.keys and self.keys[key.key_id].digest == key.digest

    def make_room(self, key: StoredKey, instead_of: str | None = None) -> None:
        """Raises TooManyKeysError where `key` is one too many beside the live ones other than `instead_of`."""
        live = [each for each in self.keys.values() if each.is_live(key.created_at) and each.key_id != instead_of]
        if len(live) >= MAX_LIVE_KEYS:
            raise TooManyKeysError

    def spare(self, revoked: Iterable[str], now: int) -> None:
        """Raises LastKeyError where no key that manages keys is left without the `revoked` ones."""
        left = self.keys.keys() - set(revoked)
        if not any(self.keys[key_id].manages_keys(now) for key_id in left):
            raise LastKeyError


Decision = Callable[[Ring], list[StoredKey]]
"""Which keys are to be written, given all of them; none where there is nothing to do."""


class Keyring:
    """Adds, lists, renews, rotates and revokes keys; raises LedgerUnavailableError.

    Changes raise VersionConflictError where others keep coming between.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._read = load_script("read_hashes")
        self._change = load_script("change_keys")

    async def all_of(self, tenant_id: str) -> list[StoredKey]:
        """Every key that ever was, newest first."""
        ring = await self._ring(tenant_id)
        return sorted(ring.keys.values(), key=lambda key: (-key.created_at, key.key_id))

    async def add(self, key: StoredKey, entry: AuditEntry) -> None:
        """Raises TooManyKeysError; adding the same id and digest again changes nothing."""

        def decide(ring: Ring) -> list[StoredKey]:
            if ring.holds(key):
                return []
            ring.make_room(key)
            return [key]

        await self._decide(key.tenant_id, decide, entry)

    async def revoke(self, tenant_id: str, key_id: str, now: int, entry: AuditEntry) -> StoredKey:
        """Return the revoked key; raises NotFoundError, and LastKeyError for the last live one that manages keys."""

        def decide(ring: Ring) -> list[StoredKey]:
            key = ring.key(key_id)
            if key.revoked_at is not None:
                return []
            if key.manages_keys(now):
                ring.spare([key_id], now)
            return [replace(key, revoked_at=now)]

        ring = await self._decide(tenant_id, decide, entry)
        return ring.key(key_id)

    async def revoke_all_but(self, tenant_id: str, key_id: str, now: int, entry: AuditEntry) -> list[str]:
        """Return the ids of the live keys that were revoked; raises NotFoundError, LastKeyError."""
        revoked: list[str] = []

        def decide(ring: Ring) -> list[StoredKey]:
            ring.key(key_id)
            others = [key for key in ring.keys.values() if key.key_id != key_id and key.is_live(now)]
            revoked[:] = [key.key_id for key in others]
            if others:
                ring.spare(revoked, now)
            return [replace(key, revoked_at=now) for key in others]

        await self._decide(tenant_id, decide, entry)
        return revoked

    async def renew_digest(self, key: StoredKey, digest: bytes, entry: AuditEntry) -> None:
        """Digest a key under another pepper; nothing is done where it is no longer live or another one came first."""

        def decide(ring: Ring) -> list[StoredKey]:
            held = ring.key(key.key_id)
            if held.digest != key.digest or held.revoked_at is not None:
                return []
            return [replace(held, digest=digest)]

        await self._decide(key.tenant_id, decide, entry)

    async def rotate(
        self, tenant_id: str, key_id: str, successor: StoredKey, old_expires_at: int, entry: AuditEntry
    ) -> None:
        """Add the successor and let the old key end at `old_expires_at` at the latest.

        Raises NotFoundError where the old key is not live, TooManyKeysError; repeating it changes nothing.
        """

        def decide(ring: Ring) -> list[StoredKey]:
            old = ring.key(key_id)
            if ring.holds(successor):
                return []
            if not old.is_live(successor.created_at):
                raise NotFoundError
            ring.make_room(successor, instead_of=key_id)
            ends = old_expires_at if old.expires_at is None else min(old.expires_at, old_expires_at)
            return [replace(old, expires_at=ends), successor]

        await self._decide(tenant_id, decide, entry)

    async def _decide(self, tenant_id: str, decide: Decision, entry: AuditEntry) -> Ring:
        """Commit what `decide` says; return all keys as they are then."""
        for _ in range(_ATTEMPTS):
            ring = await self._ring(tenant_id)
            written = decide(ring)
            if not written or await self._commit(tenant_id, ring.revision, written, entry):
                return Ring(ring.revision, ring.keys | {key.key_id: key for key in written})
        raise VersionConflictError

    async def _ring(self, tenant_id: str) -> Ring:
        [reply] = await self._ledger.script(Operation.READ_KEYS, self._read, [keys.keyring(tenant_id)], [])
        index = _paired(reply)
        revision = int(index.pop(_REVISION, "0"))
        names = [keys.api_key(key_id) for key_id in index]
        found = await self._ledger.script(Operation.READ_KEYS, self._read, names, []) if names else []
        held = zip(index, found, strict=True)
        return Ring(revision, {key_id: from_key_fields(key_id, _paired(fields)) for key_id, fields in held})

    async def _commit(self, tenant_id: str, revision: int, written: list[StoredKey], entry: AuditEntry) -> bool:
        arguments: list[str | int] = [tenant_id, revision, *entry_arguments(entry)]
        for key in written:
            fields = to_key_fields(key)
            arguments += [key.key_id, 2 * len(fields), *(part for pair in fields.items() for part in pair)]
        names = [keys.keyring(tenant_id), keys.trail(tenant_id), keys.events(keys.shard_of(tenant_id))]
        names += [keys.api_key(key.key_id) for key in written]
        return bool(await self._ledger.script(Operation.CHANGE_KEYS, self._change, names, arguments))


def _paired(reply: list[str]) -> dict[str, str]:
    return dict(zip(reply[::2], reply[1::2], strict=True))
