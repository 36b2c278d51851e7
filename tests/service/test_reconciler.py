"""Comparisons with the sandbox's summaries."""

import pytest

from service.ledger import keys
from tests.service.office import HOUR, open_desk


@pytest.fixture
async def desk(environment, open_ledger, own_redis, stripe):
    async with open_desk(environment, open_ledger(own_redis.port), own_redis.port, stripe) as desk:
        yield desk


@pytest.fixture
async def user(desk, enroll):
    tenant = (await enroll(desk.ledger, customer_id=await desk.customer()))[0]
    await desk.use(tenant, 3)
    await desk.office.sealer.once()
    await desk.office.sender.once()
    desk.now += HOUR
    return tenant


def comparisons(desk):
    return [
        desk.figure("billing.metering.comparisons", billing_metering_comparison=found)
        for found in ("equal", "different")
    ]


@pytest.mark.usefixtures("user")
async def test_what_was_sent_is_what_stripe_counted(desk):
    await desk.office.reconciler.once()
    assert comparisons(desk) == [3, 0]
    assert drift(desk) == 0


def drift(desk):
    return desk.figure("billing.metering.drift", billing_usage_event_type="sign_events")


async def test_a_difference_is_told_and_nothing_is_changed(desk, user, caplog):
    await desk.gateway.send_meter_event(
        "c2pa_sign_events", user.customer_id, 5, "somebody-else", int((desk.now - 3 * HOUR).timestamp())
    )
    await desk.office.reconciler.once()
    assert comparisons(desk) == [2, 1]
    assert drift(desk) == 5
    [record] = [each for each in caplog.records if getattr(each, "event_name", "") == "metering.different"]
    assert record.event_attributes["billing.metering.sent"] == 3
    assert record.event_attributes["billing.metering.counted"] == 8
    assert sorted(await desk.counted()) == [3, 5]


async def test_a_tenant_with_a_sum_in_doubt_is_not_compared(desk, user):
    await desk.use(user, 2, hours_ago=3)
    await desk.office.sealer.once()
    lease = desk.office.shares.lease(keys.shard_of(user.tenant_id))
    [pending] = await desk.outbox.due(lease.shard, int(desk.now.timestamp()), 10)
    await desk.outbox.begin(lease, pending.intent.intent_id, int(desk.now.timestamp()), 0)
    await desk.office.reconciler.once()
    assert comparisons(desk) == [0, 0]


@pytest.mark.usefixtures("user")
async def test_every_tenant_has_its_turn(desk, enroll):
    for _ in range(3):
        await enroll(desk.ledger, customer_id=await desk.customer())
    for _ in range(4):
        await desk.office.reconciler.once()
    assert comparisons(desk) == [12, 0]
    assert not await desk.office.reconciler.once()
    assert comparisons(desk) == [12, 0]


@pytest.mark.usefixtures("user")
async def test_it_asks_nothing_during_an_outage(desk):
    desk.stripe.status = 500
    while not desk.gateway.is_shut:
        await desk.gateway.is_reachable()
    asked = len(desk.stripe.requests)
    assert not await desk.office.reconciler.once()
    assert len(desk.stripe.requests) == asked
