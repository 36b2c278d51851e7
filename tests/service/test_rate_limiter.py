import asyncio
from collections import Counter

import pytest

from service.domain.quota import Limiter, Quota, Standing
from service.errors import LedgerUnavailableError
from service.ledger.quotas import Bucket, Ruling
from service.limits import rate_limiter
from service.limits.local_quotas import BURST_DIVISOR, LocalQuotas
from service.limits.rate_limiter import PAUSE_SECONDS, RateLimiter

STARTER = Quota.whole(Limiter.TENANT, 60, 60)


class HandClock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Decisions:
    def __init__(self):
        self.counts = Counter()

    def add(self, amount, attributes):
        self.counts[attributes["billing.rate_limit.outcome"]] += amount


class Redis:
    """What the processes share, as a test wants it."""

    def __init__(self):
        self.asked = 0
        self.fails = False
        self.hangs = False
        self.ahead = 0

    async def take(self, buckets):
        self.asked += 1
        if self.fails:
            raise LedgerUnavailableError
        if self.hangs:
            await asyncio.sleep(60)
        standings = tuple(Standing.of(bucket.quota, self.ahead) for bucket in buckets)
        return Ruling(all(standing.retry_seconds == 0 for standing in standings), standings)


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def redis():
    return Redis()


@pytest.fixture
def decisions():
    return Decisions()


@pytest.fixture
def limiter(redis, decisions, clock):
    return RateLimiter(redis, decisions, clock)


def bucket(name="a", quota=STARTER):
    return Bucket(quota, "00", name)


def shown(ruling):
    return [(standing.quota.limiter, standing.retry_seconds) for standing in ruling.standings]


async def test_a_remembered_refusal_says_nothing_of_a_quota_that_was_not_asked(limiter, redis):
    """A tenant that is used up is refused by each of its keys, and no key is told where another one stands."""
    of_key = Quota.whole(Limiter.KEY, 30, 60)
    redis.ahead = STARTER.depth
    first = await limiter.take([bucket("tenant"), bucket("one", of_key)])
    assert [limiter for limiter, _ in shown(first)] == [Limiter.TENANT, Limiter.KEY]
    assert shown(await limiter.take([bucket("tenant"), bucket("other", of_key)])) == [(Limiter.TENANT, 1.0)]
    assert shown(await limiter.take([bucket("tenant"), bucket("one", of_key)])) == shown(first)
    assert redis.asked == 1


async def test_a_minute_without_redis_lets_a_sixth_more_through_and_no_more(limiter, redis, decisions, clock):
    """The figure that docs/security/limits.md states: limit x (1 + 1/6) per key and process in the first minute."""
    redis.fails = True
    admitted = 0
    for _ in range(6000):
        admitted += (await limiter.take([bucket()])).admitted
        clock.now += 0.01
    stated = STARTER.limit * (1 + 1 / BURST_DIVISOR)
    assert stated - 2 <= admitted <= stated
    assert decisions.counts == {"allowed_locally": admitted, "limited_locally": 6000 - admitted}
    second = 0
    for _ in range(6000):
        second += (await limiter.take([bucket()])).admitted
        clock.now += 0.01
    assert second <= STARTER.limit


async def test_redis_that_fails_is_asked_once_a_second(limiter, redis, clock):
    redis.fails = True
    for _ in range(50):
        await limiter.take([bucket()])
    assert redis.asked == 1
    clock.now += PAUSE_SECONDS
    redis.fails = False
    await limiter.take([bucket()])
    await limiter.take([bucket()])
    assert redis.asked == 3


async def test_redis_that_hangs_does_not_cost_a_client_its_time(limiter, redis, monkeypatch):
    monkeypatch.setattr(rate_limiter, "SHARED_TIMEOUT_SECONDS", 0.02)
    redis.hangs = True
    async with asyncio.timeout(1):
        assert (await limiter.take([bucket()])).admitted


async def test_who_was_refused_is_refused_without_redis_until_it_may_be_admitted(limiter, redis, clock):
    redis.ahead = STARTER.depth
    assert not (await limiter.take([bucket()])).admitted
    clock.now += 0.5
    again = await limiter.take([bucket()])
    assert not again.admitted
    assert again.standings[0].retry_seconds == 0.5
    assert redis.asked == 1
    redis.ahead, clock.now = 0, clock.now + 0.6
    assert (await limiter.take([bucket()])).admitted


def test_a_process_keeps_a_bounded_number_of_buckets(clock):
    local = LocalQuotas(clock, max_buckets=10)
    for number in range(1000):
        local.take([bucket(f"{number}")])
    assert len(local) == 10
