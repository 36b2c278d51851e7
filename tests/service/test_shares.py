"""How workers share the shards, with leases of a real Valkey."""

from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import FenceLostError
from service.ledger import keys
from service.ledger.roster import Roster
from service.ledger.shard_leases import ShardLeases
from service.metering.shares import CALL_SECONDS, Shares, share
from service.telemetry.aggregates import Gauge
from service.telemetry.registry import load_registry

LEASE_SECONDS = 30.0


class Time:
    """The monotonic clock, and how far the test has moved it."""

    def __init__(self):
        self.moved = 0.0

    def __call__(self):
        return monotonic() + self.moved


@pytest.fixture
def hire(open_ledger, own_redis):
    ledger = open_ledger(own_redis.port)

    def build(name, time=monotonic):
        gauge = Gauge(load_registry().metric("billing.metering.shards"))
        return Shares(ShardLeases(ledger, LEASE_SECONDS), Roster(ledger), name, LEASE_SECONDS, gauge, time)

    return build


def owned(shares):
    return {shard for shard in range(keys.SHARDS) if shares.lease(shard) is not None}


@given(st.integers(1, 40), st.integers(1, 64))
def test_shares_are_fair_and_together_are_all(workers, shards):
    names = [f"{number:02}" for number in range(workers)]
    parts = [share(names, name, shards) for name in names]
    assert [first for first, _ in parts] == [sum(count for _, count in parts[:rank]) for rank in range(workers)]
    assert sum(count for _, count in parts) == shards
    assert max(count for _, count in parts) <= -(-shards // workers)


async def test_the_only_worker_takes_all(hire):
    first = hire("first")
    await first.once()
    assert owned(first) == set(range(keys.SHARDS))


async def test_a_second_worker_gets_its_half_when_calls_under_way_must_have_ended(hire):
    time = Time()
    first, second = hire("first", time), hire("second")
    await first.once()
    await second.once()
    await first.once()
    await second.once()
    assert len(owned(first)) == 8
    assert owned(second) == set()
    time.moved = CALL_SECONDS
    await first.once()
    await second.once()
    assert owned(first) | owned(second) == set(range(keys.SHARDS))
    assert len(owned(second)) == 8


async def test_a_worker_that_leaves_hands_everything_over(hire):
    first, second = hire("first"), hire("second")
    await first.once()
    await first.release()
    await second.once()
    assert owned(first) == set()
    assert owned(second) == set(range(keys.SHARDS))


async def test_a_lease_that_ends_too_soon_is_none(hire):
    time = Time()
    first = hire("first", time)
    await first.once()
    time.moved = LEASE_SECONDS - CALL_SECONDS
    assert first.lease(0) is not None
    assert first.lease(0, CALL_SECONDS) is None
    await first.once()
    time.moved = 0.0
    assert first.lease(0, CALL_SECONDS) is not None


async def test_a_worker_that_slept_forgets_what_has_passed_on(hire, own_redis):
    first = hire("first", time := Time())
    await first.once()
    client = own_redis.client()
    for shard in range(keys.SHARDS):
        client.delete(keys.shard_lease(shard))
    client.delete(keys.WORKERS)
    second = hire("second")
    await second.once()
    assert len(owned(second)) == keys.SHARDS
    time.moved = LEASE_SECONDS / 2
    await first.once()
    assert owned(first) == set()


async def test_a_lost_fence_stops_the_work_on_that_shard_only(hire):
    first = hire("first")
    await first.once()

    async def work(lease):
        if lease.shard == 3:
            raise FenceLostError
        return True

    assert await first.each(work)
    assert owned(first) == set(range(keys.SHARDS)) - {3}
