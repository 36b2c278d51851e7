"""Reads the whole ledger for an audit, shard by shard, without scanning the key space."""

import re
from collections import defaultdict
from collections.abc import AsyncIterator

from service.domain.timestamp import parse_rfc3339
from service.ledger import keys
from service.ledger.audit import BILLED, MICROCENTS, SPEND, TRIAL, CounterKey, Entry
from service.ledger.connection import Client

PAGE = 1000

_NUMBER = re.compile(r"-?\d{1,18}", re.ASCII)
_FIELDS = ("tenant_id", "event_id", "event_type", "kind", "billed_hour", "day", "price")


class LedgerFormatError(Exception):
    """The ledger holds something that this service never writes."""


async def read_entries(client: Client) -> list[Entry]:
    """Every event of every shard's stream."""
    return [entry for shard in range(keys.SHARDS) async for entry in _read_stream(client, keys.events(shard))]


async def read_counters(client: Client, entries: list[Entry]) -> dict[CounterKey, int]:
    """Every counter of every tenant that is registered or has an entry."""
    months: defaultdict[str, set[str]] = defaultdict(set)
    for entry in entries:
        months[entry.tenant_id].update({keys.month_of(entry.timestamp), *_billed_months(entry)})
    for shard in range(keys.SHARDS):
        for tenant_id in await client.execute_command("SMEMBERS", keys.tenants(shard)):
            months[tenant_id].update(())
    counters: dict[CounterKey, int] = {}
    for tenant_id, known in months.items():
        counters.update(await _read_tenant(client, tenant_id, known))
    return counters


async def _read_tenant(client: Client, tenant_id: str, months: set[str]) -> dict[CounterKey, int]:
    """All counters of a tenant; `months` are those in which it used something or is billed for something."""
    used = await _read_hash(client, keys.months(tenant_id))
    counters = {(tenant_id, *keys.parse_counter_field(field)): value for field, value in used.items()}
    for month in {*months, *(period for _, period, _ in counters)}:
        for label, name in (("", keys.hours(tenant_id, month)), (f"{BILLED} ", keys.billed(tenant_id, month))):
            for field, value in (await _read_hash(client, name)).items():
                period, event_type = keys.parse_counter_field(field)
                counters[tenant_id, label + period, event_type] = value
    for event_type, value in (await _read_hash(client, keys.trial(tenant_id))).items():
        counters[tenant_id, TRIAL, event_type] = value
    for day, value in (await _read_hash(client, keys.spend(tenant_id))).items():
        counters[tenant_id, f"{SPEND} {day}", MICROCENTS] = value
    return counters


async def _read_stream(client: Client, stream: str) -> AsyncIterator[Entry]:
    start = "-"
    while page := await client.execute_command("XRANGE", stream, start, "+", "COUNT", PAGE):
        for entry_id, fields in page:
            yield _entry(stream, entry_id, fields)
        start = f"({page[-1][0]}"


def _entry(stream: str, entry_id: str, fields: dict[str, str]) -> Entry:
    timestamp = parse_rfc3339(fields.get("timestamp", ""))
    if timestamp is None or not _NUMBER.fullmatch(fields.get("value", "")):
        raise LedgerFormatError(f"{stream} {entry_id}: expected a value and an RFC 3339 timestamp")
    missing = [name for name in _FIELDS if name not in fields]
    if missing or not _NUMBER.fullmatch(fields["price"]):
        raise LedgerFormatError(f"{stream} {entry_id}: expected {', '.join(_FIELDS)}, and a whole number as price")
    return Entry(
        fields["tenant_id"],
        fields["event_id"],
        fields["event_type"],
        int(fields["value"]),
        timestamp,
        fields["kind"],
        fields["billed_hour"],
        fields["day"],
        int(fields["price"]),
    )


def _billed_months(entry: Entry) -> list[str]:
    return [entry.billed_hour[: len("2026-11")]] if entry.billed_hour else []


async def _read_hash(client: Client, name: str) -> dict[str, int]:
    fields = await client.execute_command("HGETALL", name)
    return {field: int(value) for field, value in fields.items()}
