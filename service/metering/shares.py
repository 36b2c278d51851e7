"""Which shards are this worker's: leases that it takes, renews and gives up, so that all workers share fairly."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from time import monotonic

from service.config import STRIPE_TIMEOUT_SECONDS
from service.errors import FenceLostError
from service.ledger import keys
from service.ledger.roster import Roster
from service.ledger.shard_leases import ShardLease, ShardLeases
from service.telemetry.instruments import Gauge

CALL_SECONDS = STRIPE_TIMEOUT_SECONDS + 1.0
"""A call to Stripe may begin only if the lease outlives it, with a margin for what its answer still asks of us."""
_RENEWED_SHARE = 5 / 6
"""A lease with less than this ahead is renewed, so that even the shortest one always has a call's time ahead."""
_TICKS = 15
"""Looks at the leases in one lease's time; a worker that misses most of them is taken for dead."""


class Shares:
    """The duty to hold a fair share of the shards; other duties ask it before they act on one."""

    name = "shares"

    def __init__(
        self,
        leases: ShardLeases,
        roster: Roster,
        worker: str,
        lease_seconds: float,
        gauge: Gauge,
        clock: Callable[[], float] = monotonic,
        shards: Sequence[int] = range(keys.SHARDS),
    ) -> None:
        self.pause_seconds = lease_seconds / _TICKS
        self._lease_seconds = lease_seconds
        self._leases = leases
        self._roster = roster
        self._worker = worker
        self._gauge = gauge
        self._clock = clock
        self._shards = shards
        self._held: dict[int, ShardLease] = {}
        self._leaving: dict[int, float] = {}

    def lease(self, shard: int, seconds: float = 0.0) -> ShardLease | None:
        """The worker's lease of the shard if it surely lasts for more than so many seconds from now."""
        held = self._held.get(shard)
        if held is None or shard in self._leaving:
            return None
        return held if held.deadline - self._clock() > seconds else None

    async def each(self, work: Callable[[ShardLease], Awaitable[bool]]) -> bool:
        """Do the work for all owned shards side by side; True if there is more of any. A lost shard is left alone."""
        mine = [lease for lease in map(self.lease, list(self._held)) if lease is not None]
        results = await asyncio.gather(*(self._guarded(work, lease) for lease in mine), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return any(results)

    async def once(self) -> bool:
        """Renew what is held, then give up or take as the fair share asks; raises LedgerUnavailableError."""
        workers = await self._roster.meet(self._worker, self._lease_seconds)
        await self._renew()
        first, quota = share(workers, self._worker, len(self._shards))
        await self._give_up(quota)
        await self._take(first, quota)
        self._gauge.set(len(self._held))
        return False

    async def release(self) -> None:
        """Hand everything over at once, when all other duties have ended; raises LedgerUnavailableError."""
        for lease in self._held.values():
            await self._leases.release(lease)
        self._held.clear()
        await self._roster.leave(self._worker)

    async def _guarded(self, work: Callable[[ShardLease], Awaitable[bool]], lease: ShardLease) -> bool:
        try:
            return await work(lease)
        except FenceLostError:
            self._forget(lease.shard)
            return False

    async def _renew(self) -> None:
        due = self._clock() + self._lease_seconds * _RENEWED_SHARE
        for lease in [held for held in self._held.values() if held.deadline < due and held.shard not in self._leaving]:
            renewed = await self._leases.renew(lease)
            if renewed is None:
                self._forget(lease.shard)
            else:
                self._held[lease.shard] = renewed

    async def _give_up(self, quota: int) -> None:
        """First nothing new is begun on a surplus shard; it is released when what was under way must have ended."""
        now = self._clock()
        staying = [shard for shard in self._held if shard not in self._leaving]
        self._leaving.update(dict.fromkeys(staying[quota:], now + CALL_SECONDS))
        gone = [self._held[shard] for shard, due in self._leaving.items() if due <= now]
        for lease in gone:
            self._forget(lease.shard)
            await self._leases.release(lease)

    async def _take(self, first: int, quota: int) -> None:
        for shard in self._wanted(first):
            if len(self._held) >= quota:
                return
            lease = await self._leases.acquire(shard, self._worker)
            if lease is not None:
                self._held[shard] = lease

    def _wanted(self, first: int) -> Iterator[int]:
        """The shards that are not held; workers begin at different ones, so that they seldom want the same."""
        for shard in (*self._shards[first:], *self._shards[:first]):
            if shard not in self._held:
                yield shard

    def _forget(self, shard: int) -> None:
        self._held.pop(shard, None)
        self._leaving.pop(shard, None)


def share(workers: Sequence[str], worker: str, shards: int) -> tuple[int, int]:
    """Where the worker's share of so many shards begins, and how many there are in it; all shares together are all."""
    rank, each, more = workers.index(worker), shards // len(workers), shards % len(workers)
    return rank * each + min(rank, more), each + (1 if rank < more else 0)
