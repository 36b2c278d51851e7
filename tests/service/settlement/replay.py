"""Rebuilds a ledger from its journal, without the service: each entry is one small change to a dictionary of keys."""

import json
from collections import defaultdict

from service.domain.timestamp import parse_rfc3339
from service.ledger import keys
from tests.service.settlement.model import SHARD

MONTH = len("2126-11")


class Replay:
    """`held` is what the server is to hold, by key; numbers as text, zsets as sets of their members."""

    def __init__(self, entries):
        self.hashes, self.sets = defaultdict(dict), defaultdict(set)
        self.trails = defaultdict(list)
        for entry in entries:
            fields = dict(entry.fields)
            getattr(self, f"_{fields.pop('kind')}")(fields.pop("tenant_id"), fields)

    @property
    def held(self):
        found = {**self.hashes, **self.sets, **self.trails}
        return {key: value for key, value in found.items() if value}

    def _tenant(self, tenant_id, fields):
        self.sets[keys.tenants(SHARD)].add(tenant_id)
        self.hashes[keys.tenant(tenant_id)] = json.loads(fields["fields"])

    def _key(self, tenant_id, fields):
        self.hashes[keys.api_key(fields["key_id"])] = json.loads(fields["fields"])
        self.hashes[keys.keyring(tenant_id)] |= {fields["key_id"]: "1", "revision": fields["revision"]}

    def _audit(self, tenant_id, fields):
        self.trails[keys.trail(tenant_id)].append((fields.pop("id"), fields))

    def _usage(self, tenant_id, fields):
        claims = keys.claims(tenant_id, parse_rfc3339(fields["timestamp"]))
        self.hashes[claims][fields["event_id"]] = fields["claim"]
        self._count(tenant_id, fields)

    def _correction(self, tenant_id, fields):
        self.hashes[keys.corrections(tenant_id)][fields["event_id"]] = fields["claim"]
        self._count(tenant_id, fields)

    def _count(self, tenant_id, fields):
        kind, value, billed_hour = fields["event_type"], int(fields["value"]), fields["billed_hour"]
        hour = keys.hour_of(parse_rfc3339(fields["timestamp"]))
        self._raise(keys.hours(tenant_id, hour[:MONTH]), f"{hour}|{kind}", value)
        self._raise(keys.months(tenant_id), f"{hour[:MONTH]}|{kind}", value)
        if billed_hour:
            self._raise(keys.billed(tenant_id, billed_hour[:MONTH]), f"{billed_hour}|{kind}", value)
            self._raise(keys.billed(tenant_id, billed_hour[:MONTH]), f"{billed_hour[:MONTH]}|{kind}", value)
            self._raise(keys.unsealed(SHARD), f"{tenant_id}|{kind}|{billed_hour}", value)
            if self.hashes[keys.unsealed(SHARD)][f"{tenant_id}|{kind}|{billed_hour}"] == "0":
                del self.hashes[keys.unsealed(SHARD)][f"{tenant_id}|{kind}|{billed_hour}"]
        else:
            self._raise(keys.trial(tenant_id), kind, value)
        if fields["price"] != "0":
            self._raise(keys.spend(tenant_id), fields["day"], int(fields["price"]))

    def _sealed(self, tenant_id, fields):
        kind, hour = fields["event_type"], fields["hour"]
        assert self.hashes[keys.unsealed(SHARD)].pop(f"{tenant_id}|{kind}|{hour}") == fields["value"]
        self.hashes[keys.seqs(tenant_id, hour[:MONTH])][f"{hour}|{kind}"] = fields["seq"]
        self.hashes[keys.intents(SHARD)][fields["intent_id"]] = {
            "value": fields["value"],
            "timestamp": fields["timestamp"],
            "customer_id": fields["customer_id"],
            "reason": "",
            "buried_at": "",
        }
        self._enqueue(fields["intent_id"])

    def _delivered(self, tenant_id, fields):
        self._end(fields, keys.sent(tenant_id, self._place(fields)[0]))
        self._dequeue(fields["intent_id"])

    def _dead(self, _, fields):
        self.hashes[keys.intents(SHARD)][fields["intent_id"]] |= {"reason": fields["reason"], "buried_at": fields["at"]}
        self._dequeue(fields["intent_id"])
        self.sets[keys.dead(SHARD)].add(fields["intent_id"])

    def _retried(self, _, fields):
        changes = {"customer_id": fields["customer_id"], "reason": "", "buried_at": ""}
        self.hashes[keys.intents(SHARD)][fields["intent_id"]] |= changes
        self.sets[keys.dead(SHARD)].remove(fields["intent_id"])
        self._enqueue(fields["intent_id"])

    def _dropped(self, tenant_id, fields):
        self._end(fields, keys.dropped(tenant_id, self._place(fields)[0]))
        self.sets[keys.dead(SHARD)].remove(fields["intent_id"])

    def _place(self, fields):
        _, kind, hour, _ = fields["intent_id"].split(":")
        return hour[:MONTH], f"{hour}|{kind}"

    def _end(self, fields, totals):
        intent = self.hashes[keys.intents(SHARD)].pop(fields["intent_id"])
        assert intent["value"] == fields["value"]
        self._raise(totals, self._place(fields)[1], int(fields["value"]))

    def _enqueue(self, intent_id):
        self.sets[keys.outbox(SHARD)].add(intent_id)
        self.sets[keys.unsent(SHARD)].add(intent_id)

    def _dequeue(self, intent_id):
        self.sets[keys.outbox(SHARD)].remove(intent_id)
        self.sets[keys.unsent(SHARD)].remove(intent_id)

    def _raise(self, key, field, value):
        self.hashes[key][field] = str(int(self.hashes[key].get(field, "0")) + value)


def rebuildable(contents):
    """What of a server's contents the journal can bring back, in the form of `Replay.held`."""
    left = {key: value for key, value in contents.items() if not key.endswith(_UNTOLD) and ":noted:" not in key}
    for key, value in left.items():
        if key == keys.intents(SHARD):
            left[key] = {intent_id: _without(json.loads(text), _SENDING) for intent_id, text in value.items()}
        elif ":key:" in key:
            left[key] = _without(value, {"last_used_at"})
        elif isinstance(value, list) and ":trail:" not in key:
            left[key] = {member for member, _ in value}
    return left


_UNTOLD = (":events", ":lease", ":fence", ":archive", ":nobody")
_SENDING = {"attempts", "first_sent_at"}


def _without(fields, names):
    return {name: value for name, value in fields.items() if name not in names}
