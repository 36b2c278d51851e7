"""How many requests of each tenant were answered: what serving them cost follows from it, never what they owe."""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime

from service.errors import LedgerUnavailableError
from service.ledger import keys
from service.ledger.connection import Ledger, Operation
from service.ledger.scripts import load_script
from service.telemetry.logs import log_event

FLUSH_SECONDS = 5.0

_log = logging.getLogger(__name__)


class RequestCounts:
    """Counts in memory and adds to the ledger when flushed: a crash loses at most the last FLUSH_SECONDS.

    Days are those of the clock, in UTC.
    """

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._add = load_script("count_requests")
        self._counted: Counter[tuple[str, str]] = Counter()

    def count(self, tenant_id: str) -> None:
        self._counted[tenant_id, keys.day_of(self._clock())] += 1

    async def flush(self) -> None:
        """Add what was counted, shard by shard; raises LedgerUnavailableError and keeps what it could not add.

        A count whose answer was lost may be added twice.
        """
        counted, self._counted = self._counted, Counter()
        shards: defaultdict[int, Counter[tuple[str, str]]] = defaultdict(Counter)
        for (tenant_id, day), number in counted.items():
            shards[keys.shard_of(tenant_id)][tenant_id, day] = number
        try:
            while shards:
                shard, numbers = next(iter(shards.items()))
                await self._flush_shard(numbers)
                del shards[shard]
        except LedgerUnavailableError:
            for kept in shards.values():
                self._counted.update(kept)
            raise

    async def days(self, tenant_id: str, month: str) -> dict[str, int]:
        """Requests of each day of the month that has any."""
        found = await self._ledger.command(Operation.READ_REQUESTS, "HGETALL", keys.requests(tenant_id))
        return {day: int(number) for day, number in sorted(found.items()) if day.startswith(month)}

    async def _flush_shard(self, numbers: Counter[tuple[str, str]]) -> None:
        names = [keys.requests(tenant_id) for tenant_id, _ in numbers]
        arguments: list[str | int] = []
        for (_, day), number in numbers.items():
            arguments += [day, number]
        await self._ledger.script(Operation.COUNT_REQUESTS, self._add, names, arguments)


async def flush(counts: RequestCounts) -> None:
    """Flush once; while the ledger does not answer, what was counted waits for the next time."""
    try:
        await counts.flush()
    except LedgerUnavailableError as error:
        log_event(_log, logging.WARNING, "request_counts.kept", str(error), {"error.type": type(error).__name__})


async def flush_regularly(counts: RequestCounts) -> None:
    """Flush every FLUSH_SECONDS until cancelled."""
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        await flush(counts)
