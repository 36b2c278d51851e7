"""The duty to measure what waits for Stripe, so that an outage is seen while it lasts."""

from collections.abc import Callable
from datetime import datetime

from service.ledger.outbox import Backlog, Outbox
from service.ledger.shard_leases import ShardLease
from service.metering.comparison import span_of
from service.metering.shares import Shares
from service.telemetry.instruments import Instruments

_PLACE = "billing.metering.place"


class UnsentDuty:
    """Sets the gauges for the owned shards; over all workers they add up."""

    name = "unsent"
    pause_seconds = 5.0

    def __init__(self, outbox: Outbox, shares: Shares, instruments: Instruments, clock: Callable[[], datetime]) -> None:
        self._outbox = outbox
        self._shares = shares
        self._instruments = instruments
        self._clock = clock

    async def once(self) -> bool:
        """Measure once; raises LedgerUnavailableError."""
        found: list[Backlog] = []

        async def measure(lease: ShardLease) -> bool:
            found.append(await self._outbox.backlog(lease.shard))
            return False

        await self._shares.each(measure)
        self._instruments.metering_backlog.set(sum(each.pending for each in found), {_PLACE: "waiting"})
        self._instruments.metering_backlog.set(sum(each.dead for each in found), {_PLACE: "dead"})
        hours = [each.oldest_hour for each in found if each.oldest_hour is not None]
        self._instruments.metering_backlog_age.set(self._age(min(hours)) if hours else 0)
        return False

    def _age(self, hour: str) -> int:
        _, end = span_of(hour)
        return max(0, int(self._clock().timestamp()) - end)
