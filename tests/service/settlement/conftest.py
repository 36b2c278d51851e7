"""Random lives, each in a ledger of its own."""

import pytest

from tests.service.settlement.life import Life


@pytest.fixture
async def lead(own_redis, open_ledger, enroll):
    async def lead(seed, steps):
        own_redis.client().flushall()
        life = Life(seed, own_redis, open_ledger(own_redis.port))
        await life.begin(enroll)
        await life.live(steps)
        return life

    return lead
