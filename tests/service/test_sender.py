"""What becomes of one sealed sum, on a real Valkey and before the Stripe sandbox."""

import pytest

from service.ledger import keys
from service.metering.comparison import PAST_SECONDS, TRIED_SECONDS, Finding, judge
from service.metering.sender import pause_seconds
from tests.service.office import HOUR, open_desk


@pytest.fixture
async def desk(environment, open_ledger, own_redis, stripe):
    async with open_desk(environment, open_ledger(own_redis.port), own_redis.port, stripe) as desk:
        yield desk


@pytest.fixture
def tenant(desk, enroll):
    async def enter(**changes):
        return (await enroll(desk.ledger, **{"customer_id": await desk.customer()} | changes))[0]

    return enter


async def test_a_sum_is_sealed_and_sent_once(desk, tenant):
    user = await tenant()
    hour = await desk.use(user, 3)
    await desk.use(user, 4)
    await desk.office.sealer.once()
    await desk.office.sender.once()
    await desk.office.sender.once()
    assert await desk.counted() == [7]
    assert await desk.delivered(user, hour) == 7
    attributes = {"billing_usage_event_type": "sign_events"}
    for outcome in ("sealed", "delivered"):
        assert desk.figure("billing.metering.intents", **attributes, billing_metering_outcome=outcome) == 1


async def test_an_hour_that_is_not_over_waits(desk, tenant):
    user = await tenant()
    await desk.use(user, 3, hours_ago=0)
    await desk.office.sealer.once()
    await desk.office.sender.once()
    assert desk.asked() == []
    desk.now += HOUR
    await desk.office.sealer.once()
    await desk.office.sender.once()
    assert await desk.counted() == [3]


async def test_late_usage_is_another_sum(desk, tenant):
    user = await tenant()
    hour = await desk.use(user, 3)
    await desk.office.sealer.once()
    await desk.use(user, 2)
    await desk.office.sealer.once()
    await desk.office.sender.once()
    assert await desk.counted() == [3, 2]
    assert desk.asked() == [f"{user.tenant_id}:sign_events:{hour}:{seq}" for seq in (1, 2)]


async def test_a_lost_answer_is_asked_for_under_the_same_identifier(desk, tenant, monkeypatch):
    user = await tenant()
    hour = await desk.use(user, 3)
    await desk.office.sealer.once()
    await desk.stripe.control("faults", path_prefix="/v1/billing/meter_events", lost_response=True, times=1)
    await desk.office.sender.once()
    monkeypatch.setattr("service.metering.sender.pause_seconds", lambda _: 0.0)
    await desk.office.sender.once()
    await desk.office.sender.once()
    assert await desk.counted() == [3]
    assert len(set(desk.asked())) == 1 < len(desk.asked())
    assert await desk.delivered(user, hour) == 3


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"customer_id": ""}, "no_customer"), ({"customer_id": "cus_missing"}, "refused: resource_missing")],
)
async def test_what_cannot_be_sent_is_a_dead_letter(desk, tenant, changes, reason):
    user = await tenant(**changes)
    await desk.use(user)
    await desk.office.sealer.once()
    await desk.office.sender.once()
    await desk.office.unsent.once()
    assert await desk.dead(user) == [reason]
    assert desk.figure("billing.metering.backlog.intents", billing_metering_place="dead") == 1


async def test_what_is_too_old_for_stripe_is_a_dead_letter(desk, tenant):
    user = await tenant()
    await desk.use(user)
    await desk.office.sealer.once()
    desk.now += PAST_SECONDS // 3600 * HOUR
    await desk.office.sender.once()
    assert await desk.dead(user) == ["timestamp_too_old"]
    assert desk.asked() == []


async def tried(desk, user, units, arrives):
    """A sum whose arrival has been in doubt for as long as trying again is safe; returns its hour."""
    hour = await desk.use(user, units)
    await desk.office.sealer.once()
    lease = desk.office.shares.lease(keys.shard_of(user.tenant_id))
    [pending] = await desk.outbox.due(lease.shard, int(desk.now.timestamp()), 10)
    await desk.outbox.begin(lease, pending.intent.intent_id, int(desk.now.timestamp()), 0)
    if arrives:
        stripes = pending.intent
        await desk.gateway.send_meter_event(
            "c2pa_sign_events", user.customer_id, units, stripes.intent_id, stripes.timestamp
        )
    desk.now += TRIED_SECONDS // 3600 * HOUR
    return hour


async def test_after_a_day_stripes_count_says_that_it_arrived(desk, tenant):
    user = await tenant()
    hour = await tried(desk, user, 3, arrives=True)
    await desk.office.sender.once()
    assert await desk.counted() == [3]
    assert await desk.delivered(user, hour) == 3
    attributes = {"billing_usage_event_type": "sign_events", "billing_metering_outcome": "reconciled"}
    assert desk.figure("billing.metering.intents", **attributes) == 1


async def test_after_a_day_stripes_count_says_that_it_did_not_arrive(desk, tenant):
    user = await tenant()
    hour = await tried(desk, user, 3, arrives=False)
    await desk.office.sender.once()
    assert await desk.counted() == [3]
    assert await desk.delivered(user, hour) == 3


async def test_after_a_day_a_count_that_fits_nothing_is_for_a_person(desk, tenant):
    user = await tenant()
    await tried(desk, user, 3, arrives=False)
    start = int((desk.now - TRIED_SECONDS // 3600 * HOUR - 2 * HOUR).replace(minute=0, second=0).timestamp())
    await desk.gateway.send_meter_event("c2pa_sign_events", user.customer_id, 50, "somebody-else", start)
    await desk.office.sender.once()
    assert await desk.dead(user) == ["ambiguous"]


async def test_an_outage_costs_no_attempts(desk, tenant, monkeypatch):
    monkeypatch.setattr("service.metering.sender.pause_seconds", lambda _: 0.0)
    for _ in range(3):
        await desk.use(await tenant(), 3)
    await desk.office.sealer.once()
    desk.stripe.status = 500
    for _ in range(4):
        await desk.office.sender.once()
    during = len(desk.asked())
    assert desk.gateway.is_shut
    await desk.office.sender.once()
    assert len(desk.asked()) == during
    await desk.office.unsent.once()
    assert desk.figure("billing.metering.backlog.intents", billing_metering_place="waiting") == 3
    assert 3600 <= desk.figure("billing.metering.backlog.age") < 3 * 3600


def test_a_count_is_judged_by_what_is_known():
    assert judge(counted=10, sent=7, value=3) is Finding.ARRIVED
    assert judge(counted=7, sent=7, value=3) is Finding.NOT_ARRIVED
    assert judge(counted=8, sent=7, value=3) is Finding.AMBIGUOUS
    assert judge(counted=4, sent=7, value=-3) is Finding.ARRIVED


def test_pauses_double_up_to_a_minute():
    assert [pause_seconds(attempts) for attempts in (0, 1, 2, 6, 1000)] == [1.0, 2.0, 4.0, 60.0, 60.0]
