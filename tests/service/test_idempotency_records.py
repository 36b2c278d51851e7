import asyncio
import secrets

import pytest

from service.ledger import keys
from service.ledger.idempotency import LEASE_SECONDS, RETENTION_SECONDS, Begun, IdempotencyRecords, State

SHARD = "5a"


@pytest.fixture
def records(ledger):
    return IdempotencyRecords(ledger)


@pytest.fixture
def key():
    return secrets.token_hex(32)


def end_lease(server, key):
    with server.client() as client:
        client.hset(keys.idempotency(SHARD, key), "leased_until", "1")


async def test_a_finished_request_is_answered_as_the_first_time(records, key):
    assert await records.begin(SHARD, key, "body", "t1") == Begun(State.FRESH)
    assert await records.begin(SHARD, key, "body", "t2") == Begun(State.IN_FLIGHT)
    answer = bytes(range(256))
    await records.complete(SHARD, key, "t1", answer)
    assert await records.begin(SHARD, key, "body", "t3") == Begun(State.DONE, answer)
    await records.complete(SHARD, key, "t1", b"another")
    await records.release(SHARD, key, "t1")
    assert await records.begin(SHARD, key, "body", "t4") == Begun(State.DONE, answer)


async def test_another_request_under_the_same_key_is_a_mismatch_whatever_became_of_the_first(
    records, key, shared_redis
):
    await records.begin(SHARD, key, "body", "t1")
    assert (await records.begin(SHARD, key, "other", "t2")).state is State.MISMATCH
    await records.release(SHARD, key, "t1")
    assert (await records.begin(SHARD, key, "other", "t2")).state is State.MISMATCH
    assert (await records.begin(SHARD, key, "body", "t3")).state is State.FRESH
    end_lease(shared_redis, key)
    assert (await records.begin(SHARD, key, "other", "t2")).state is State.MISMATCH


async def test_whoever_takes_over_an_abandoned_request_is_not_disturbed_by_the_first(records, key, shared_redis):
    await records.begin(SHARD, key, "body", "t1")
    end_lease(shared_redis, key)
    assert (await records.begin(SHARD, key, "body", "t2")).state is State.FRESH
    await records.release(SHARD, key, "t1")
    assert (await records.begin(SHARD, key, "body", "t3")).state is State.IN_FLIGHT
    await records.complete(SHARD, key, "t1", b"late")
    await records.complete(SHARD, key, "t2", b"good")
    assert await records.begin(SHARD, key, "body", "t3") == Begun(State.DONE, b"good")


async def test_of_many_at_once_one_begins(records, key):
    begun = await asyncio.gather(*(records.begin(SHARD, key, "body", f"t{n}") for n in range(20)))
    assert sorted(each.state for each in begun) == [State.FRESH] + [State.IN_FLIGHT] * 19


async def test_a_record_is_kept_for_a_day_from_its_first_request(records, key, shared_redis):
    await records.begin(SHARD, key, "body", "t1")
    with shared_redis.client() as client:
        name = keys.idempotency(SHARD, key)
        assert RETENTION_SECONDS - 5 < client.ttl(name) <= RETENTION_SECONDS
        assert abs(int(client.hget(name, "leased_until")) - client.time()[0] - LEASE_SECONDS) <= 2
        client.expire(name, 100)
        await records.complete(SHARD, key, "t1", b"")
        assert client.ttl(name) <= 100
    assert await records.begin(SHARD, key, "body", "t2") == Begun(State.DONE, b"")


async def test_an_answer_to_nothing_is_not_kept(records, key, shared_redis):
    await records.complete(SHARD, key, "t1", b"answer")
    with shared_redis.client() as client:
        assert not client.exists(keys.idempotency(SHARD, key))
