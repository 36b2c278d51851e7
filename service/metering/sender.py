"""The duty to send sealed sums in the order of their hours.

A lane is what Stripe wants one call at a time for: one meter of one customer. A sum whose arrival is in doubt holds up
its lane until that is settled; so no second one of the lane is ever in doubt, and Stripe's summary can answer for it.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import groupby
from time import monotonic

from service.domain.c2pa_facts import EventType
from service.ledger.outbox import Outbox, Pending
from service.ledger.shard_leases import ShardLease
from service.metering.delivery import Courier, Unsettled
from service.metering.meters import Meters
from service.metering.shares import Shares

BATCH = 500
CONCURRENT = 8
ROUND_SECONDS = 2.0
"""After this time a round begins nothing new, so that a worker that is told to stop stops soon."""
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 60.0
_DOUBLINGS = 6

Lane = tuple[str, EventType]


class SendDuty:
    """Sends what is due on the owned shards; while Stripe does not answer at all, it waits and tries nothing."""

    name = "sending"
    pause_seconds = 0.5

    def __init__(
        self,
        outbox: Outbox,
        courier: Courier,
        meters: Meters,
        shares: Shares,
        clock: Callable[[], datetime],
        elapsed: Callable[[], float] = monotonic,
    ) -> None:
        self._outbox = outbox
        self._courier = courier
        self._meters = meters
        self._shares = shares
        self._clock = clock
        self._elapsed = elapsed
        self._free = asyncio.Semaphore(CONCURRENT)
        self._waiting: dict[Lane, float] = {}

    async def once(self) -> bool:
        """Send a batch of each owned shard; raises LedgerUnavailableError."""
        if self._meters.is_shut:
            return False
        self._waiting = {lane: until for lane, until in self._waiting.items() if until > self._elapsed()}
        return await self._shares.each(self._drain)

    async def _drain(self, lease: ShardLease) -> bool:
        """Send one wave after the other; True if that got on and there may be more to do."""
        until = self._elapsed() + ROUND_SECONDS
        found = await self._outbox.due(lease.shard, int(self._clock().timestamp()), BATCH)
        settled = 0
        for _, wave in groupby(sorted(found, key=_turn), key=_turn):
            sending = (self._send(lease.shard, lane, queue, until) for lane, queue in _lanes(wave).items())
            results = await asyncio.gather(*sending, return_exceptions=True)
            for result in results:
                if isinstance(result, BaseException):
                    raise result
                settled += result
        return settled > 0 and (len(found) == BATCH or self._elapsed() >= until)

    async def _send(self, shard: int, lane: Lane, queue: Sequence[Pending], until: float) -> int:
        """Send sums of one lane one after the other; returns how many came to their end."""
        for done, pending in enumerate(queue):
            async with self._free:
                if lane in self._waiting or self._elapsed() >= until:
                    return done
                try:
                    await self._courier.settle(shard, pending)
                except Unsettled:
                    self._waiting[lane] = self._elapsed() + pause_seconds(pending.attempts)
                    return done
        return len(queue)


def _turn(pending: Pending) -> tuple[bool, str]:
    """What was tried comes first, so that its lane waits for it; then the oldest hour."""
    return pending.first_sent_at is None, pending.intent.hour


def _lanes(wave: Iterable[Pending]) -> dict[Lane, list[Pending]]:
    lanes: dict[Lane, list[Pending]] = {}
    for pending in sorted(wave, key=lambda each: each.intent.seq):
        lanes.setdefault((pending.customer_id, pending.intent.event_type), []).append(pending)
    return lanes


def pause_seconds(attempts: int) -> float:
    """How long a lane rests after so many attempts before the last: doubling, up to the longest."""
    return min(_FIRST_PAUSE_SECONDS * 2.0 ** min(attempts, _DOUBLINGS), _LONGEST_PAUSE_SECONDS)
