"""Quotas that all processes share."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.domain.quota import Quota, Standing
from service.ledger import keys
from service.ledger.connection import Ledger, Operation
from service.ledger.group_commit import Bounds, GroupCommit
from service.ledger.scripts import load_script

_BOUNDS = Bounds(per_call=500, waiting=10_000)
_ONE_LANE = 0


@dataclass(frozen=True, slots=True)
class Bucket:
    """A quota of one subject; `shard_id` is the hexadecimal id whose shard keeps it."""

    quota: Quota
    shard_id: str
    subject: str

    @property
    def name(self) -> str:
        return keys.quota(self.shard_id, self.quota.limiter, self.subject)


@dataclass(frozen=True, slots=True)
class Ruling:
    """Whether a request was admitted, and where each of its quotas stands."""

    admitted: bool
    standings: tuple[Standing, ...]


class SharedQuotas:
    """Decides for concurrent requests together, in one script call; raises LedgerUnavailableError.

    In a cluster a call goes to one shard, so there each shard has a call of its own.
    """

    def __init__(self, ledger: Ledger, *, is_cluster: bool) -> None:
        self._ledger = ledger
        self._is_cluster = is_cluster
        self._take = load_script("take_quota")
        self._group: GroupCommit[Sequence[Bucket], Ruling] = GroupCommit(self._commit, len, None, _BOUNDS)

    async def take(self, buckets: Sequence[Bucket]) -> Ruling:
        """Take one admission from all the buckets or from none; all must be of one shard."""
        lane = keys.shard_of(buckets[0].shard_id) if self._is_cluster else _ONE_LANE
        return await self._group.submit(lane, buckets)

    async def _commit(self, _: int, requests: Sequence[Sequence[Bucket]]) -> Sequence[Ruling]:
        names = [bucket.name for buckets in requests for bucket in buckets]
        arguments: list[str | int] = []
        for buckets in requests:
            arguments.append(len(buckets))
            for bucket in buckets:
                arguments += [bucket.quota.interval, bucket.quota.depth]
        reply = iter(await self._ledger.script(Operation.TAKE_QUOTA, self._take, names, arguments))
        return [
            Ruling(bool(next(reply)), tuple(Standing.of(bucket.quota, next(reply)) for bucket in buckets))
            for buckets in requests
        ]
