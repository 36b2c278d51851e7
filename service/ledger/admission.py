"""Whether a presented API key is one of ours. Every kind of refusal takes the same path, and so the same time."""

import hmac
from dataclasses import replace

from service.domain.api_key import Scope
from service.ledger import keys
from service.ledger.connection import Ledger, Operation
from service.ledger.scripts import load_script
from service.ledger.stored_key import StoredKey, from_key_fields, to_key_fields

_TOUCH_SECONDS = 60
_NOBODY = StoredKey("0" * 32, "0" * 32, bytes(32), frozenset(Scope), "default", 1, revoked_at=1)
"""Revoked, with a digest that no key has; as long as a tenant's first key, so that reading it takes as long."""


class KeyGate:
    """Reads keys by their ids; raises LedgerUnavailableError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._read = load_script("admit_key")
        self._touch = load_script("touch_key")
        nobody = {**to_key_fields(_NOBODY), "last_used_at": "1"}
        self._fields = tuple(nobody)
        self._question = [*nobody, *nobody.values()]

    async def admit(self, key_id: str, now: int, *presented: bytes) -> StoredKey | None:
        """Return the key if it is live and has one of the presented digests; note its use, at most once a minute.

        All of them are compared, each in constant time, whatever else is wrong with the key, unknown ids included.
        """
        key = await self.read(key_id)
        is_known = sum(hmac.compare_digest(key.digest, each) for each in presented) > 0
        is_live = key.is_live(now)
        if not (is_known and is_live):
            return None
        if key.last_used_at is not None and now < key.last_used_at + _TOUCH_SECONDS:
            return key
        await self._ledger.script(Operation.TOUCH_KEY, self._touch, [keys.api_key(key_id)], [now])
        return replace(key, last_used_at=now)

    async def read(self, key_id: str) -> StoredKey:
        """Return the key, or a revoked one of nobody's where there is none."""
        names, question = [keys.api_key(key_id), keys.nobodys_key(keys.shard_of(key_id))], self._question
        found = await self._ledger.script(Operation.ADMIT_KEY, self._read, names, question)
        return from_key_fields(key_id, dict(zip(self._fields, found, strict=True)))
