import asyncio
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.quota import Limiter, Quota, Standing, admits, ahead_of
from service.ledger.quotas import Bucket, SharedQuotas

MINUTE = 60 * 1_000_000
STARTER = Quota.whole(Limiter.TENANT, 60, 60)


def admitted(quota, instants):
    """The instants at which one bucket admits, asked at all of them."""
    bucket, taken = 0, []
    for now in instants:
        ahead = ahead_of(bucket, now, quota)
        if admits(quota, ahead):
            bucket = now + ahead + quota.interval
            taken.append(now)
    return taken


def test_a_quota_may_be_used_up_at_once_and_comes_back_evenly():
    assert len(admitted(STARTER, [0] * 100)) == 60
    assert len(admitted(STARTER, [0] * 100 + [1_000_000] * 5)) == 61
    assert len(admitted(STARTER, [0] * 100 + [MINUTE] * 100)) == 120


@given(
    limit=st.integers(1, 1000),
    period=st.integers(1, 3600),
    burst=st.integers(1, 100),
    gaps=st.lists(st.integers(0, 3_000_000), max_size=200),
)
def test_no_window_admits_more_than_burst_and_rate(limit, period, burst, gaps):
    quota = Quota(Limiter.KEY, limit, period, burst)
    instants, now = [], 1_700_000_000_000_000
    for gap in gaps:
        now += gap
        instants.append(now)
    taken = admitted(quota, instants)
    for first in range(0, len(taken), 7):
        for last in range(first, len(taken), 11):
            allowed = burst + (taken[last] - taken[first]) * limit / (period * 1_000_000)
            assert last - first + 1 <= allowed + 1e-6


def test_a_clock_that_is_set_back_locks_nobody_out():
    assert ahead_of(10**18, 0, STARTER) == STARTER.depth
    assert Standing.of(STARTER, STARTER.depth).retry_seconds == 1


@pytest.fixture
def quotas(ledger):
    return SharedQuotas(ledger, is_cluster=False)


def bucket(quota, tenant_id=None):
    tenant_id = tenant_id or secrets.token_hex(16)
    return Bucket(quota, tenant_id, tenant_id)


async def test_the_script_counts_as_the_model_does(quotas):
    whole = bucket(STARTER)
    rulings = [await quotas.take([whole]) for _ in range(61)]
    assert [ruling.admitted for ruling in rulings] == [True] * 60 + [False]
    remaining = [ruling.standings[0].remaining for ruling in rulings]
    assert remaining[0] == 59
    assert remaining == sorted(remaining, reverse=True)
    assert 0 < rulings[-1].standings[0].retry_seconds <= 1
    assert 58 < rulings[-1].standings[0].reset_seconds <= 60


async def test_a_request_takes_from_all_of_its_quotas_or_from_none(quotas):
    tenant_id = secrets.token_hex(16)
    wide = Bucket(Quota.whole(Limiter.TENANT, 100, 60), tenant_id, tenant_id)
    tight = Bucket(Quota.whole(Limiter.KEY, 2, 60), tenant_id, f"{tenant_id}:key")
    rulings = [await quotas.take([wide, tight]) for _ in range(10)]
    assert [ruling.admitted for ruling in rulings] == [True, True, *[False] * 8]
    assert rulings[-1].standings[0].remaining == 98
    assert rulings[-1].standings[0].retry_seconds == 0
    assert (await quotas.take([wide])).standings[0].remaining in (97, 98)


async def test_nothing_of_it_reaches_the_append_only_file(own_redis, open_ledger):
    quotas, client = SharedQuotas(open_ledger(own_redis.port), is_cluster=False), own_redis.client()
    before = client.info("persistence")["aof_current_size"]
    for _ in range(20):
        await quotas.take([bucket(STARTER)])
    assert client.dbsize() == 20
    await asyncio.sleep(0.01)
    assert client.info("persistence")["aof_current_size"] == before
    assert all(0 < client.pttl(name) <= 1000 for name in client.scan_iter())
