"""How often something may happen: the generic cell rate algorithm, as arithmetic on one number.

A bucket is the time by which its quota will be whole again. Each admission moves it on by one interval; what would move
it further than the burst allows is refused. Times are in whole microseconds.
"""

from dataclasses import dataclass
from enum import StrEnum

MICROSECONDS = 1_000_000


class Limiter(StrEnum):
    """Who or what a quota is of; the registry lists the same."""

    TENANT = "tenant"
    KEY = "key"
    ADDRESS = "address"
    SIGNUP = "signup"
    FAILED_AUTHENTICATION = "failed_authentication"


@dataclass(frozen=True, slots=True)
class Quota:
    """`limit` in `period_seconds`, evenly, and at most `burst` of them at once."""

    limiter: Limiter
    limit: int
    period_seconds: int
    burst: int

    @classmethod
    def whole(cls, limiter: Limiter, limit: int, period_seconds: int) -> "Quota":
        """A quota that may be used up at once."""
        return cls(limiter, limit, period_seconds, limit)

    @property
    def interval(self) -> int:
        """Microseconds from one admission to the next, rounded up, so that no rounding admits one too many."""
        return -(-self.period_seconds * MICROSECONDS // self.limit)

    @property
    def depth(self) -> int:
        """How far ahead of now a full bucket is."""
        return self.burst * self.interval


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a quota stands after a decision; `retry_seconds` is 0 where the next request would be admitted."""

    quota: Quota
    remaining: int
    reset_seconds: float
    retry_seconds: float

    @classmethod
    def of(cls, quota: Quota, ahead: int) -> "Standing":
        """`ahead` is how far the bucket is ahead of now."""
        retry = max(0, ahead + quota.interval - quota.depth)
        remaining = max(0, (quota.depth - ahead) // quota.interval)
        return cls(quota, remaining, ahead / MICROSECONDS, retry / MICROSECONDS)


def ahead_of(bucket: int, now: int, quota: Quota) -> int:
    """How far a bucket is ahead of now; never more than it can be, so that a clock set back locks nobody out."""
    return min(max(bucket - now, 0), quota.depth)


def admits(quota: Quota, ahead: int) -> bool:
    return ahead + quota.interval <= quota.depth
