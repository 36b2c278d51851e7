"""Leases of shards: of all the workers, one at a time seals, sends and archives for a shard."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from service.errors import FenceLostError
from service.ledger import keys
from service.ledger.connection import Ledger, Operation
from service.ledger.scripts import load_script

SHARD_LEASE_SECONDS = 15.0
_FENCED = "fenced"


@dataclass(frozen=True, slots=True)
class ShardLease:
    """`fence` rises with each lease of the shard; `deadline` is in seconds of the monotonic clock, never too late."""

    shard: int
    fence: int
    deadline: float

    @property
    def remaining_seconds(self) -> float:
        """Below zero when the lease is over."""
        return self.deadline - monotonic()


class ShardLeases:
    """Grants leases that end by themselves; raises LedgerUnavailableError.

    A worker that slept past the end of its lease is stopped by its fence: every script that changes something of the
    shard raises FenceLostError for any but the one that the shard is leased to at that moment.
    """

    def __init__(
        self, ledger: Ledger, seconds: float = SHARD_LEASE_SECONDS, clock: Callable[[], float] = monotonic
    ) -> None:
        self._ledger = ledger
        self._seconds = seconds
        self._clock = clock
        self._lease = load_script("lease_shard")
        self._renew = load_script("renew_shard")

    async def acquire(self, shard: int, owner: str) -> ShardLease | None:
        """None while a worker, were it the same one, holds the shard."""
        deadline = self._deadline()
        names = [keys.shard_lease(shard), keys.shard_fence(shard)]
        fence = await self._ledger.script(Operation.LEASE_SHARD, self._lease, names, [owner, self._milliseconds])
        return None if fence is None else ShardLease(shard, int(fence), deadline)

    async def renew(self, lease: ShardLease) -> ShardLease | None:
        """Return the lease with a later end; None where it is over."""
        deadline = self._deadline()
        held = await self._extend(Operation.RENEW_SHARD, lease, self._milliseconds)
        return replace(lease, deadline=deadline) if held else None

    async def release(self, lease: ShardLease) -> None:
        """Give the shard back, unless it has passed to another worker."""
        await self._extend(Operation.RELEASE_SHARD, lease, 0)

    @property
    def _milliseconds(self) -> int:
        return int(self._seconds * 1000)

    def _deadline(self) -> float:
        """Taken before the call is sent, so that the server's lease lasts longer."""
        return self._clock() + self._seconds

    async def _extend(self, operation: Operation, lease: ShardLease, milliseconds: int) -> bool:
        arguments = [lease.fence, milliseconds]
        return bool(await self._ledger.script(operation, self._renew, [keys.shard_lease(lease.shard)], arguments))


def unfenced(reply: Any) -> Any:
    """The reply of a script that looks at the fence; raises FenceLostError."""
    if reply == _FENCED:
        raise FenceLostError
    return reply
