"""Remembers who was refused until when: nobody can be admitted earlier, so nobody else is asked until then."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import monotonic

from service.domain.quota import Standing
from service.ledger.quotas import Bucket

MAX_REFUSALS = 10_000


@dataclass(frozen=True, slots=True)
class _Refusal:
    standing: Standing
    at: float
    until: float


class Refusals:
    """What was refused a short while ago, by the bucket that refused; bounded in memory.

    A quota that an operator or a change of plan has just raised is refused no longer than it would have been before.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._refusals: OrderedDict[tuple[str, int], _Refusal] = OrderedDict()

    def of(self, buckets: Sequence[Bucket]) -> tuple[Standing, ...]:
        """Where those that still refuse stand, counted down to now; of the others nothing is known."""
        now = self._clock()
        found = (self._refusals.get(_key(bucket)) for bucket in buckets)
        return tuple(_aged(one.standing, now - one.at) for one in found if one is not None and now < one.until)

    def note(self, buckets: Sequence[Bucket], standings: Sequence[Standing]) -> None:
        now = self._clock()
        for bucket, standing in zip(buckets, standings, strict=True):
            if standing.retry_seconds > 0:
                self._refusals[_key(bucket)] = _Refusal(standing, now, now + standing.retry_seconds)
                self._refusals.move_to_end(_key(bucket))
        while len(self._refusals) > MAX_REFUSALS:
            self._refusals.popitem(last=False)


def _key(bucket: Bucket) -> tuple[str, int]:
    return bucket.name, bucket.quota.interval


def _aged(standing: Standing, seconds: float) -> Standing:
    return replace(
        standing,
        reset_seconds=max(0.0, standing.reset_seconds - seconds),
        retry_seconds=max(0.0, standing.retry_seconds - seconds),
    )
