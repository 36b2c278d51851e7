import asyncio
from time import monotonic

import pytest

from service.domain.usage import EventType
from service.errors import FenceLostError
from service.ledger import keys
from service.ledger.journal import ArchiveHead, Journal
from service.ledger.outbox import Outbox
from service.ledger.sealing import Sealing
from service.ledger.shard_leases import ShardLeases

INTENT = f"03{'0' * 30}:sign_events:2026-11-23T06:1"
SHARD = 3


@pytest.fixture
def leases(own_redis, open_ledger):
    return ShardLeases(open_ledger(own_redis.port), seconds=0.3)


async def test_a_shard_is_leased_to_one_at_a_time(leases):
    lease = await leases.acquire(SHARD, "a")
    assert (await leases.acquire(SHARD, "b"), await leases.acquire(SHARD, "a")) == (None, None)
    assert (await leases.acquire(SHARD + 1, "b")).shard == SHARD + 1
    await leases.release(lease)
    assert (await leases.acquire(SHARD, "b")).fence > lease.fence


async def test_a_lease_ends_by_itself_before_its_owner_thinks_so(leases, own_redis):
    before = monotonic()
    lease = await leases.acquire(SHARD, "a")
    assert before + 0.3 <= lease.deadline <= monotonic() + 0.3
    left = own_redis.client().pttl(keys.shard_lease(SHARD)) / 1000
    assert lease.remaining_seconds <= left + 0.002
    await asyncio.sleep(0.31)
    assert lease.remaining_seconds < 0
    assert await leases.renew(lease) is None
    assert await leases.acquire(SHARD, "b") is not None


async def test_a_renewed_lease_lasts_longer_and_keeps_its_fence(leases):
    lease = await leases.acquire(SHARD, "a")
    for _ in range(3):
        await asyncio.sleep(0.15)
        renewed = await leases.renew(lease)
        assert (renewed.fence, renewed.deadline > lease.deadline) == (lease.fence, True)
        lease = renewed
    assert await leases.acquire(SHARD, "b") is None


async def test_who_lost_a_lease_cannot_take_it_back_or_give_it_away(leases, own_redis):
    old = await leases.acquire(SHARD, "a")
    own_redis.client().delete(keys.shard_lease(SHARD))
    new = await leases.acquire(SHARD, "b")
    assert await leases.renew(old) is None
    await leases.release(old)
    assert await leases.renew(new) is not None


async def test_fences_rise_even_where_the_last_one_is_forgotten(leases, own_redis):
    old = await leases.acquire(SHARD, "a")
    own_redis.client().flushall()
    await asyncio.sleep(0.002)
    assert (await leases.acquire(SHARD, "b")).fence > old.fence
    own_redis.client().delete(keys.shard_lease(SHARD))
    own_redis.client().set(keys.shard_fence(SHARD), 2**50)
    assert (await leases.acquire(SHARD, "c")).fence == 2**50 + 1


async def test_nothing_is_done_under_a_lease_that_is_over(leases, own_redis):
    ledger, client = leases._ledger, own_redis.client()
    lease = await leases.acquire(SHARD, "a")
    client.hset(keys.unsealed(SHARD), f"03{'0' * 30}|{EventType.SIGN_EVENTS}|2026-11-23T06", 5)
    client.delete(keys.shard_lease(SHARD))
    outbox = Outbox(ledger)
    for attempt in (
        Sealing(ledger).seal(lease, "9999", 5),
        outbox.begin(lease, INTENT, 1, 2),
        outbox.delivered(lease, INTENT, 1, "sent"),
        outbox.bury(lease, INTENT, 1, "why"),
        Journal(ledger).archived(lease, ArchiveHead("1", 1, "5-0", "ab")),
    ):
        with pytest.raises(FenceLostError):
            await attempt
    assert set(client.keys()) == {keys.unsealed(SHARD), keys.shard_fence(SHARD)}
