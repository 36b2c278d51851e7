"""The rate that all workers share, kept by a real Valkey."""

import asyncio
import time

import pytest

from service.ledger import keys
from service.ledger.stripe_tokens import StripeTokens
from service.metering.rate import Rate


@pytest.fixture
def tokens(open_ledger, own_redis):
    return lambda per_second: StripeTokens(open_ledger(own_redis.port), per_second)


async def test_workers_keep_the_rate_together(tokens):
    passed = []

    async def work(rate):
        while True:
            await rate.wait()
            passed.append(time.monotonic())

    tasks = [asyncio.create_task(work(Rate(tokens(40)))) for _ in range(3)]
    await asyncio.sleep(1.0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert 20 <= len(passed) <= 40 * (passed[-1] - passed[0]) + 40 / 10 + 1


async def test_a_clock_that_was_set_back_closes_the_bucket_for_a_moment_only(tokens, own_redis):
    own_redis.client().set(keys.STRIPE_TOKENS, str(int((time.time() + 3600) * 1_000_000)))
    assert 0 < await tokens(20).take() <= 0.051


async def test_a_bucket_that_is_not_used_leaves_nothing_behind(tokens, own_redis):
    assert await tokens(100).take() == 0
    await asyncio.sleep(0.05)
    assert own_redis.client().exists(keys.STRIPE_TOKENS) == 0
