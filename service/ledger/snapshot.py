"""Reads the whole ledger for an audit, shard by shard, without scanning the key space."""

from collections.abc import AsyncIterator

from service.domain.timestamp import parse_rfc3339
from service.ledger import keys
from service.ledger.audit import CounterKey, Entry
from service.ledger.connection import Client

PAGE = 1000


class LedgerFormatError(Exception):
    """The ledger holds something that this service never writes."""


async def read_entries(client: Client) -> list[Entry]:
    """Every event of every shard's stream."""
    return [entry for shard in range(keys.SHARDS) async for entry in _read_stream(client, keys.events(shard))]


async def read_counters(client: Client, entries: list[Entry]) -> dict[CounterKey, int]:
    """Every hour and month counter of every tenant that is registered or has an entry."""
    months = {(entry.tenant_id, keys.month_of(entry.timestamp)) for entry in entries}
    tenant_ids = {tenant_id for tenant_id, _ in months}
    for shard in range(keys.SHARDS):
        tenant_ids.update(await client.execute_command("SMEMBERS", keys.tenants(shard)))
    counters: dict[CounterKey, int] = {}
    for tenant_id in tenant_ids:
        counters.update(await _read_hash(client, tenant_id, keys.months(tenant_id)))
    months.update((tenant_id, month) for tenant_id, month, _ in counters)
    for tenant_id, month in months:
        counters.update(await _read_hash(client, tenant_id, keys.hours(tenant_id, month)))
    return counters


async def _read_stream(client: Client, stream: str) -> AsyncIterator[Entry]:
    start = "-"
    while page := await client.execute_command("XRANGE", stream, start, "+", "COUNT", PAGE):
        for entry_id, fields in page:
            yield _entry(stream, entry_id, fields)
        start = f"({page[-1][0]}"


def _entry(stream: str, entry_id: str, fields: dict[str, str]) -> Entry:
    timestamp = parse_rfc3339(fields.get("timestamp", ""))
    if timestamp is None or not fields.get("value", "").isdigit():
        raise LedgerFormatError(f"{stream} {entry_id}: expected a value and an RFC 3339 timestamp")
    return Entry(fields["tenant_id"], fields["event_id"], fields["event_type"], int(fields["value"]), timestamp)


async def _read_hash(client: Client, tenant_id: str, name: str) -> dict[CounterKey, int]:
    fields = await client.execute_command("HGETALL", name)
    return {(tenant_id, *keys.parse_counter_field(field)): int(value) for field, value in fields.items()}
