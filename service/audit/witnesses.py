"""Reads what the archive, the journal and the counters of one shard say, shard by shard."""

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from pathlib import Path

from service.archive.reader import read_archive
from service.audit.acknowledged import Acknowledged
from service.audit.shard import CounterName, ShardBooks
from service.ledger import keys
from service.ledger.connection import Client
from service.ledger.intent_text import read_intent
from service.ledger.journal import ArchiveHead, JournalEntry

PAGE = 1000
_ATTEMPTS = 5
_PAUSE_SECONDS = 0.5
_NUMBER = re.compile(r"-?\d{1,18}", re.ASCII)
_HOUR = len("2026-11-23T06")
_MONTH = len("2026-11")

Count = Callable[[], None]
"""Is called with each entry that is read."""


class LedgerFormatError(Exception):
    """The ledger holds something that this service never writes."""


class LedgerChangesError(Exception):
    """Somebody writes to the ledger all the time, so that no two readings belong together."""

    def __init__(self, shard: int) -> None:
        super().__init__(f"shard {shard} changes while it is read; expected that nobody writes to it")


class Witnesses:
    """Reads shards of a ledger; `archive` holds the folders s00 to s15. Raises RedisError, OSError."""

    def __init__(self, client: Client, archive: Path, count: Count) -> None:
        self._client = client
        self._archive = archive
        self._count = count

    async def books(self, shard: int, acknowledged: Collection[Acknowledged]) -> tuple[ShardBooks, set[CounterName]]:
        """The shard's books as of one moment, and the counters that do not agree with its entries.

        Raises LedgerChangesError, LedgerFormatError and ArchiveDamagedError.
        """
        for _ in range(_ATTEMPTS):
            before = await self._state(shard)
            books = ShardBooks(acknowledged)
            async for entry in self._entries(shard):
                _take(books, entry, shard)
                self._count()
            held = await self._counters(shard, books)
            await self._add_intents(shard, books)
            if await self._state(shard) == before:
                books.close()
                return books, set(mismatched(books, held))
            await asyncio.sleep(_PAUSE_SECONDS)
        raise LedgerChangesError(shard)

    async def customers(self, tenant_ids: Iterable[str]) -> dict[str, str]:
        """The customer at Stripe of each tenant that has one."""
        found = {
            tenant_id: await self._client.execute_command("HGET", keys.tenant(tenant_id), "customer_id")
            for tenant_id in tenant_ids
        }
        return {tenant_id: customer_id for tenant_id, customer_id in found.items() if customer_id}

    async def _state(self, shard: int) -> tuple[object, object]:
        """Is another one after every change that the journal tells of."""
        last = await self._client.execute_command("XREVRANGE", keys.events(shard), "+", "-", "COUNT", 1)
        return await self._head(shard), last[0][0] if last else None

    async def _head(self, shard: int) -> ArchiveHead | None:
        held = await self._client.execute_command("HGETALL", keys.archive(shard))
        return ArchiveHead(held["segment"], int(held["offset"]), held["last_id"], held["chain"]) if held else None

    async def _entries(self, shard: int) -> AsyncIterator[JournalEntry]:
        """All entries that there ever were: what is archived, then what is not."""
        head = await self._head(shard)
        start = "-"
        if head is not None:
            for archived in read_archive(self._archive / f"s{shard:02d}", head):
                yield archived.entry
            start = f"({head.last_id}"
        stream = keys.events(shard)
        while page := await self._client.execute_command("XRANGE", stream, start, "+", "COUNT", PAGE):
            for entry_id, fields in page:
                yield JournalEntry(entry_id, fields)
            start = f"({page[-1][0]}"

    async def _counters(self, shard: int, books: ShardBooks) -> dict[CounterName, int]:
        """Every counter of every tenant that is registered or has an entry; the hours of them go into the books."""
        held = await self._read(keys.unsealed(shard))
        for (_, field), value in held.items():
            books.figures[_place_of(field)].unsealed = value
        registered = await self._client.execute_command("SMEMBERS", keys.tenants(shard))
        months: defaultdict[str, set[str]] = defaultdict(set, {tenant_id: set() for tenant_id in registered})
        for tenant_id, _, hour in books.figures:
            months[tenant_id].add(hour[:_MONTH])
        for tenant_id, known in months.items():
            held |= await self._tenant(books, tenant_id, known)
        return held

    async def _tenant(self, books: ShardBooks, tenant_id: str, known: set[str]) -> dict[CounterName, int]:
        held = await self._read(keys.months(tenant_id))
        for month in sorted({*known, *(field[:_MONTH] for _, field in held)}):
            held |= await self._read(keys.seqs(tenant_id, month))
            for column, place in (
                ("ledger", keys.hours),
                ("billed", keys.billed),
                ("sent", keys.sent),
                ("dropped", keys.dropped),
            ):
                found = await self._read(place(tenant_id, month))
                held |= found
                for (_, field), value in found.items():
                    hour, event_type = keys.parse_counter_field(field)
                    if len(hour) == _HOUR:
                        setattr(books.figures[tenant_id, event_type, hour], column, value)
        return held | await self._read(keys.trial(tenant_id)) | await self._read(keys.spend(tenant_id))

    async def _add_intents(self, shard: int, books: ShardBooks) -> None:
        """What is between sealing and its end."""
        for intent_id, text in (await self._client.execute_command("HGETALL", keys.intents(shard))).items():
            held = read_intent(intent_id, text)
            figures = books.figures[held.intent.tenant_id, held.intent.event_type, held.intent.hour]
            figures.waiting += held.intent.value
            if held.attempts or held.first_sent_at is not None:
                figures.uncertain.append(held.intent.value)

    async def _read(self, name: str) -> dict[CounterName, int]:
        fields = await self._client.execute_command("HGETALL", name)
        for field, value in fields.items():
            if not _NUMBER.fullmatch(value):
                raise LedgerFormatError(f"{name} {field}: expected a whole number")
        return {(name, field): int(value) for field, value in fields.items()}


def mismatched(books: ShardBooks, held: dict[CounterName, int]) -> Iterable[CounterName]:
    """Counters that are not what the entries add up to; one that is not there is 0."""
    return (name for name in {*books.expected, *held} if books.expected.get(name, 0) != held.get(name, 0))


def _take(books: ShardBooks, entry: JournalEntry, shard: int) -> None:
    try:
        books.take(entry)
    except (KeyError, ValueError) as error:
        raise LedgerFormatError(f"{keys.events(shard)} {entry.id}: expected an entry of the journal") from error


def _place_of(unsealed_field: str) -> tuple[str, str, str]:
    tenant_id, event_type, hour = keys.parse_unsealed_field(unsealed_field)
    return tenant_id, event_type, hour
