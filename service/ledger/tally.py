"""What each entry of the journal raised: whoever adds it all up has every counter of the ledger. Pure."""

from collections.abc import Iterator, Mapping

from service.domain.intent import parse_intent_id
from service.ledger import keys

Raised = tuple[str, str, int]
"""The key of a hash, the field in it, and by how much."""
USED = frozenset({"usage", "correction"})
_MONTH = len("2026-11")
_HOUR = len("2026-11-23T06")


def raised(entry: Mapping[str, str]) -> Iterator[Raised]:
    """Every counter that the entry raised; raises KeyError or ValueError where it is no journal entry."""
    kind = entry["kind"]
    if kind in USED:
        yield from _used(entry)
    elif kind == "sealed":
        yield from _sealed(entry)
    elif kind in {"delivered", "dropped"}:
        name = parse_intent_id(entry["intent_id"])
        place = keys.sent if kind == "delivered" else keys.dropped
        yield place(name.tenant_id, name.month), keys.counter_field(name.hour, name.event_type), int(entry["value"])


def used_hour(entry: Mapping[str, str]) -> str:
    """The hour of a use's own timestamp, which the journal spells in UTC."""
    return entry["timestamp"][:_HOUR]


def _used(entry: Mapping[str, str]) -> Iterator[Raised]:
    tenant_id, event_type, value = entry["tenant_id"], entry["event_type"], int(entry["value"])
    hour, billed, price = used_hour(entry), entry["billed_hour"], int(entry["price"])
    yield keys.hours(tenant_id, hour[:_MONTH]), f"{hour}|{event_type}", value
    yield keys.months(tenant_id), f"{hour[:_MONTH]}|{event_type}", value
    if billed:
        name = keys.billed(tenant_id, billed[:_MONTH])
        yield name, f"{billed}|{event_type}", value
        yield name, f"{billed[:_MONTH]}|{event_type}", value
        yield keys.unsealed(keys.shard_of(tenant_id)), keys.unsealed_field(tenant_id, event_type, billed), value
    else:
        yield keys.trial(tenant_id), event_type, value
    if price:
        yield keys.spend(tenant_id), entry["day"], price


def _sealed(entry: Mapping[str, str]) -> Iterator[Raised]:
    tenant_id, event_type, hour = entry["tenant_id"], entry["event_type"], entry["hour"]
    field = keys.unsealed_field(tenant_id, event_type, hour)
    yield keys.unsealed(keys.shard_of(tenant_id)), field, -int(entry["value"])
    yield keys.seqs(tenant_id, hour[:_MONTH]), keys.counter_field(hour, event_type), 1
