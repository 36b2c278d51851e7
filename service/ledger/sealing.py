"""Turns billed units into intents, hour by hour."""

from collections.abc import Iterable
from datetime import UTC, datetime

from service.domain.c2pa_facts import EventType
from service.domain.intent import Intent
from service.ledger import keys
from service.ledger.connection import Ledger, Operation
from service.ledger.scripts import load_script
from service.ledger.shard_leases import ShardLease, unfenced

_WIDTH = 4


class Sealing:
    """Raises LedgerUnavailableError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._seal = load_script("seal_hours")

    async def seal(self, lease: ShardLease, until_hour: str, limit: int) -> list[Intent]:
        """Seal hours before `until_hour`, the oldest first, at most `limit` of them; raises FenceLostError.

        What is reported for an hour after it was sealed goes into another intent.
        """
        fields = [field for field in await self._fields(lease.shard) if _hour(field) < until_hour][:limit]
        if not fields:
            return []
        call = _SealCall(lease, fields)
        reply = unfenced(await self._ledger.script(Operation.SEAL, self._seal, call.keys, call.arguments))
        return [_intent(fields, *map(int, reply[each : each + _WIDTH])) for each in range(0, len(reply), _WIDTH)]

    async def oldest_unsealed(self, shard: int) -> str | None:
        """The first hour of which something is in no intent yet."""
        fields = await self._fields(shard)
        return _hour(fields[0]) if fields else None

    async def unsealed(self, shard: int) -> dict[tuple[str, EventType, str], int]:
        """Units that are in no intent yet, by tenant, event type and billed hour."""
        held = await self._ledger.command(Operation.READ_UNSEALED, "HGETALL", keys.unsealed(shard))
        return {_place(field): int(value) for field, value in held.items()}

    async def _fields(self, shard: int) -> list[str]:
        """The oldest hour first."""
        found = await self._ledger.command(Operation.READ_UNSEALED, "HKEYS", keys.unsealed(shard))
        return sorted(found, key=lambda field: (_hour(field), field))


class _SealCall:
    """Keys and arguments of one call."""

    def __init__(self, lease: ShardLease, fields: Iterable[str]) -> None:
        shard = lease.shard
        self.keys = [keys.shard_lease(shard), keys.events(shard), keys.unsealed(shard), keys.intents(shard)]
        self.keys += [keys.outbox(shard), keys.unsent(shard), keys.asked(shard)]
        self.arguments: list[str | int] = [lease.fence]
        self._indexes: dict[str, int] = {}
        for field in fields:
            tenant_id, event_type, hour = keys.parse_unsealed_field(field)
            numbers = keys.seqs(tenant_id, hour[: len("2026-11")])
            places = self._index(keys.tenant(tenant_id)), self._index(numbers)
            self.arguments += [field, tenant_id, event_type, hour, _start(hour), *places]

    def _index(self, name: str) -> int:
        if name not in self._indexes:
            self.keys.append(name)
            self._indexes[name] = len(self.keys)
        return self._indexes[name]


def _intent(fields: list[str], number: int, seq: int, value: int, timestamp: int) -> Intent:
    tenant_id, event_type, hour = _place(fields[number])
    return Intent(tenant_id, event_type, hour, seq, value, timestamp)


def _place(field: str) -> tuple[str, EventType, str]:
    tenant_id, event_type, hour = keys.parse_unsealed_field(field)
    return tenant_id, EventType(event_type), hour


def _hour(field: str) -> str:
    return keys.parse_unsealed_field(field)[2]


def _start(hour: str) -> int:
    return int(datetime.strptime(hour, "%Y-%m-%dT%H").replace(tzinfo=UTC).timestamp())
