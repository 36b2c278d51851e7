"""Quotas that one process keeps for itself, while Redis does not answer."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic

from service.domain.quota import MICROSECONDS, Quota, Standing, admits, ahead_of
from service.ledger.quotas import Bucket, Ruling

MAX_BUCKETS = 10_000
"""Kept at most; the one that was used longest ago goes first, and is whole when it comes back."""
BURST_DIVISOR = 6
"""The burst is this part of the limit, so that an outage's first minute admits 7/6 of the limit and no more."""


def strict(quota: Quota) -> Quota:
    """The same rate with a small burst, as it is not known what was used before."""
    return replace(quota, burst=max(1, quota.limit // BURST_DIVISOR))


class LocalQuotas:
    """Bounded in memory; each bucket by itself has the rate of the shared one."""

    def __init__(self, clock: Callable[[], float] = monotonic, max_buckets: int = MAX_BUCKETS) -> None:
        self._clock = clock
        self._max_buckets = max_buckets
        self._buckets: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, buckets: Sequence[Bucket]) -> Ruling:
        """Take one admission from all the buckets or from none."""
        now = int(self._clock() * MICROSECONDS)
        quotas = [strict(bucket.quota) for bucket in buckets]
        held = [self._buckets.get(bucket.name, 0) for bucket in buckets]
        ahead = [ahead_of(each, now, quota) for each, quota in zip(held, quotas, strict=True)]
        admitted = all(admits(quota, each) for quota, each in zip(quotas, ahead, strict=True))
        if admitted:
            ahead = [each + quota.interval for each, quota in zip(ahead, quotas, strict=True)]
            for bucket, each in zip(buckets, ahead, strict=True):
                self._keep(bucket.name, now + each)
        return Ruling(admitted, tuple(Standing.of(quota, each) for quota, each in zip(quotas, ahead, strict=True)))

    def _keep(self, name: str, value: int) -> None:
        self._buckets[name] = value
        self._buckets.move_to_end(name)
        if len(self._buckets) > self._max_buckets:
            self._buckets.popitem(last=False)
