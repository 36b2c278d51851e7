import pytest

from service.ledger import keys
from service.ledger.connection import Ledger, connect
from service.ledger.reviews import RECONCILE_SECONDS, RETRY_SECONDS, Reviews, offset
from service.telemetry.pipeline import create_resource, create_telemetry
from tests.service.conftest import redis_config

NOW = 1_800_000_000
FIRST, SECOND = "00" + "1" * 30, "00" + "2" * 30


@pytest.fixture
async def reviews(own_redis):
    telemetry = create_telemetry(create_resource("test", "test"), [], [])
    ledger = Ledger(connect(redis_config(own_redis.port)), telemetry)
    yield Reviews(ledger)
    await ledger.close()


async def test_a_tenant_is_handed_out_when_it_is_due(reviews):
    await reviews.schedule(FIRST, NOW + 10)
    await reviews.schedule(SECOND, NOW + 5)
    assert await reviews.take(0, NOW + 4, 10) == []
    assert await reviews.take(0, NOW + 10, 10) == [SECOND, FIRST]


async def test_a_tenant_that_is_not_scheduled_anew_comes_back(reviews):
    await reviews.schedule(FIRST, NOW)
    assert await reviews.take(0, NOW, 10) == [FIRST]
    assert await reviews.take(0, NOW + RETRY_SECONDS - 1, 10) == []
    assert await reviews.take(0, NOW + RETRY_SECONDS, 10) == [FIRST]


async def test_a_batch_takes_those_that_wait_longest(reviews):
    await reviews.schedule(FIRST, NOW)
    await reviews.schedule(SECOND, NOW - 1)
    assert await reviews.take(0, NOW, 1) == [SECOND]


async def test_never_is_never(reviews, own_redis):
    await reviews.schedule(FIRST, None)
    own_redis.client().sadd(keys.tenants(0), FIRST)
    await reviews.enlist(0, NOW)
    assert await reviews.take(0, 2**53, 10) == []


async def test_every_tenant_is_enlisted_spread_over_the_time_of_a_reconciliation(reviews, own_redis):
    tenant_ids = {f"00{number:030x}" for number in range(0, 2**40, 2**30)}
    own_redis.client().sadd(keys.tenants(0), *tenant_ids)
    await reviews.schedule(FIRST, NOW + 1)
    own_redis.client().sadd(keys.tenants(0), FIRST)
    await reviews.enlist(0, NOW)
    scores = dict(own_redis.client().zrange(keys.reviews(0), 0, -1, withscores=True))
    assert scores.pop(FIRST) == NOW + 1
    assert scores == {tenant_id: NOW + offset(tenant_id) for tenant_id in tenant_ids}


def test_offsets_lie_within_a_reconciliation():
    found = {offset(f"00{number * 2_654_435_761 % 2**32:08x}" + "0" * 22) for number in range(1000)}
    assert len(found) > 900
    assert 0 <= min(found) < RECONCILE_SECONDS / 10
    assert RECONCILE_SECONDS * 0.9 < max(found) < RECONCILE_SECONDS
