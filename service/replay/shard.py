"""What one shard held, from its journal. Pure."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from service.ledger import keys
from service.ledger.journal import ArchiveHead, JournalEntry
from service.ledger.tally import USED, raised
from service.replay.batch import Batch

_OUTCOMES = frozenset({"delivered", "dropped"})
Intent = dict[str, str]
"""An intent as the ledger's hash of intents holds it."""


class ShardReplay:
    """Applies entries in order. What changes often is kept here and written last: intents, and what is unsealed."""

    def __init__(self, shard: int, now: int) -> None:
        self.entries = 0
        self._shard = shard
        self._now = now
        self._unsealed: Counter[str] = Counter()
        self._intents: dict[str, Intent] = {}
        self._handlers = {
            "tenant": self._tenant,
            "key": self._key,
            "audit": self._audit,
            "sealed": self._sealed,
            "dead": self._dead,
            "retried": self._retried,
        }

    def apply(self, entry: JournalEntry, batch: Batch) -> None:
        """Raises KeyError or ValueError where it is no journal entry."""
        kind, self.entries = entry.fields["kind"], self.entries + 1
        for key, field, value in raised(entry.fields):
            if key == keys.unsealed(self._shard):
                self._unsealed[field] += value
            else:
                batch.count(key, field, value)
        if kind in USED:
            self._claim(entry.fields, batch)
        elif kind in _OUTCOMES:
            del self._intents[entry.fields["intent_id"]]
        else:
            self._handlers[kind](entry, batch)

    def close(self, batch: Batch, head: ArchiveHead, fence: int) -> None:
        """Write what was kept, and let the journal go on where the archive ends."""
        unsealed = {field: str(units) for field, units in self._unsealed.items() if units}
        batch.put(keys.unsealed(self._shard), unsealed)
        for intent_id, intent in self._intents.items():
            batch.put(keys.intents(self._shard), {intent_id: json.dumps(intent)})
            if intent["buried_at"]:
                batch.rank(keys.dead(self._shard), intent_id, "0")
            else:
                batch.rank(keys.outbox(self._shard), intent_id, intent["timestamp"])
                batch.rank(keys.unsent(self._shard), intent_id, intent["timestamp"])
        fields = {"segment": head.segment, "offset": str(head.offset), "last_id": head.last_id, "chain": head.chain}
        batch.put(keys.archive(self._shard), fields)
        batch.run("SET", keys.shard_fence(self._shard), str(fence))
        batch.append(keys.events(self._shard), head.last_id, {"kind": "replayed"})
        batch.run("XTRIM", keys.events(self._shard), "MAXLEN", "0")

    def _claim(self, fields: Mapping[str, str], batch: Batch) -> None:
        """Take the id again; an event's is free once its day is long past."""
        tenant_id, instant = fields["tenant_id"], datetime.fromisoformat(fields["timestamp"])
        if fields["kind"] == "correction":
            batch.put(keys.corrections(tenant_id), {fields["event_id"]: fields["claim"]})
        elif (expiry := keys.claim_expiry(instant)) > self._now:
            name = keys.claims(tenant_id, instant)
            batch.put(name, {fields["event_id"]: fields["claim"]})
            batch.expire(name, expiry)

    def _tenant(self, entry: JournalEntry, batch: Batch) -> None:
        tenant_id = entry.fields["tenant_id"]
        batch.enter(keys.tenants(self._shard), tenant_id)
        batch.put(keys.tenant(tenant_id), json.loads(entry.fields["fields"]))

    def _key(self, entry: JournalEntry, batch: Batch) -> None:
        key_id, ring = entry.fields["key_id"], keys.keyring(entry.fields["tenant_id"])
        batch.put(keys.api_key(key_id), json.loads(entry.fields["fields"]))
        batch.put(ring, {key_id: "1", "revision": entry.fields["revision"]})

    def _audit(self, entry: JournalEntry, batch: Batch) -> None:
        told = {name: text for name, text in entry.fields.items() if name not in {"kind", "tenant_id", "id"}}
        batch.append(keys.trail(entry.fields["tenant_id"]), entry.fields["id"], told)

    def _sealed(self, entry: JournalEntry, _: Batch) -> None:
        """Nobody knows any more what was tried, so the first attempt is taken to have been at once."""
        fields = entry.fields
        self._intents[fields["intent_id"]] = {
            "value": fields["value"],
            "timestamp": fields["timestamp"],
            "customer_id": fields["customer_id"],
            "attempts": "1",
            "first_sent_at": str(int(entry.id.partition("-")[0]) // 1000),
            "reason": "",
            "buried_at": "",
        }

    def _dead(self, entry: JournalEntry, _: Batch) -> None:
        self._intents[entry.fields["intent_id"]] |= {"reason": entry.fields["reason"], "buried_at": entry.fields["at"]}

    def _retried(self, entry: JournalEntry, _: Batch) -> None:
        afresh = {"customer_id": entry.fields["customer_id"], "attempts": "1", "reason": "", "buried_at": ""}
        self._intents[entry.fields["intent_id"]] |= afresh
