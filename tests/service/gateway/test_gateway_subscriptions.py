"""From the trial to the cancellation, against the sandbox."""

import logging
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.catalog import licensed_lookup_key, metered_lookup_key
from service.domain.tenant import Plan
from service.domain.usage import EventType
from service.errors import PaymentsRejectedError, PaymentsUnavailableError
from service.payments.subscriptions import first_month_start

MONTH_SECONDS = 31 * 24 * 3600


def lookup_keys(plan):
    return {licensed_lookup_key(plan), *(metered_lookup_key(plan, event_type) for event_type in EventType)}


async def fetched(client, tenant):
    return await client.v1.subscriptions.retrieve_async(tenant.subscription_id)


def priced(subscription):
    return {item.price.lookup_key for item in subscription.items.data}


async def test_a_trial_has_the_fee_and_all_usage_and_ends_when_it_was_said_to(tenant, client):
    subscription = await fetched(client, tenant)
    assert priced(subscription) == lookup_keys(Plan.STARTER)
    assert subscription.status == "trialing"
    assert subscription.trial_end == tenant.trial_ends_at
    assert subscription.metadata.to_dict() == {"tenant_id": tenant.tenant_id, "plan": "starter"}
    assert subscription.trial_settings.end_behavior.missing_payment_method == "create_invoice"
    assert subscription.payment_settings.save_default_payment_method == "on_subscription"


async def test_after_the_trial_the_periods_are_months_in_utc(tenant, client, control):
    month = first_month_start(tenant.trial_ends_at)
    await control("clock", now=tenant.trial_ends_at + 60)
    periods = [
        (item.current_period_start, item.current_period_end) for item in (await fetched(client, tenant)).items.data
    ]
    assert set(periods) == {(tenant.trial_ends_at, month)}
    await control("clock", now=month + 60)
    following = first_month_start(month + 1)
    periods = [
        (item.current_period_start, item.current_period_end) for item in (await fetched(client, tenant)).items.data
    ]
    assert set(periods) == {(month, following)}


async def test_the_same_key_makes_one_subscription(tenant, stocked, client):
    first = tenant.subscription_id
    await tenant.subscribe(stocked)
    assert tenant.subscription_id == first
    assert len((await client.v1.subscriptions.list_async()).data) == 1


async def test_prices_are_looked_up_once(tenant, stocked, front):
    await stocked.change_plan(tenant.subscription_id, Plan.PRO, "plan")
    assert [request.path for request in front.requests].count("/v1/prices") == 1


async def test_a_missing_price_says_what_to_run(gateway, caplog):
    with caplog.at_level(logging.ERROR), pytest.raises(PaymentsUnavailableError):
        await gateway.create_trial_subscription("0" * 32, "cus_1", Plan.PRO, 2_000_000_000, "subscription")
    assert "run billing sync-catalog" in caplog.text


async def test_a_plan_change_swaps_every_price_in_its_place(tenant, stocked, client):
    before = await fetched(client, tenant)
    await stocked.change_plan(tenant.subscription_id, Plan.PRO, "plan")
    after = await fetched(client, tenant)
    assert priced(after) == lookup_keys(Plan.PRO)
    assert {item.id for item in after.items.data} == {item.id for item in before.items.data}
    assert after.metadata.to_dict() == {"tenant_id": tenant.tenant_id, "plan": "pro"}


async def test_a_plan_change_whose_answer_was_lost_is_made_once(tenant, stocked, client, front, control):
    await control("clock", now=tenant.trial_ends_at + 60)
    front.let_pass()
    front.lose_answers()
    await stocked.change_plan(tenant.subscription_id, Plan.PRO, "plan")
    assert priced(await fetched(client, tenant)) == lookup_keys(Plan.PRO)
    items = (await client.v1.invoice_items.list_async({"customer": tenant.customer_id})).data
    assert len(items) == 2


async def test_a_change_to_the_plan_that_there_is_changes_nothing(tenant, stocked, front):
    front.requests.clear()
    await stocked.change_plan(tenant.subscription_id, Plan.STARTER, "plan")
    assert {request.method for request in front.requests} == {"GET"}


async def test_a_cancellation_at_the_periods_end_can_be_taken_back(tenant, stocked, client):
    assert await stocked.cancel(tenant.subscription_id, True, "cancel") == tenant.trial_ends_at
    assert (await stocked.account(tenant.customer_id)).subscriptions[0].cancel_at == tenant.trial_ends_at
    await stocked.resume(tenant.subscription_id, "resume")
    assert (await stocked.account(tenant.customer_id)).subscriptions[0].cancel_at is None
    assert (await fetched(client, tenant)).status == "trialing"


async def test_a_cancellation_at_once_may_be_repeated(tenant, stocked, client):
    assert await stocked.cancel(tenant.subscription_id, False, "cancel") is None
    assert await stocked.cancel(tenant.subscription_id, False, "cancel") is None
    assert (await fetched(client, tenant)).status == "canceled"


async def test_a_cancellation_whose_answer_is_lost_is_found_to_have_happened(tenant, stocked, front, client):
    front.lose_answers()
    assert await stocked.cancel(tenant.subscription_id, False, "cancel") is None
    assert (await fetched(client, tenant)).status == "canceled"


async def test_what_does_not_exist_cannot_be_cancelled(stocked):
    with pytest.raises(PaymentsRejectedError):
        await stocked.cancel("sub_none", False, "cancel")


def instant(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-01T00:00", "2026-11-01T00:00"),
        ("2026-11-01T01:00", "2026-12-01T00:00"),
        ("2026-12-07T13:00", "2027-01-01T00:00"),
        ("2028-02-29T23:00", "2028-03-01T00:00"),
    ],
)
def test_months_start_on_the_first_at_midnight(moment, expected):
    assert first_month_start(instant(moment)) == instant(expected)


@given(st.integers(0, 4_000_000_000))
def test_a_month_starts_less_than_a_month_later_and_never_before(moment):
    start = first_month_start(moment)
    assert 0 <= start - moment < MONTH_SECONDS
    assert datetime.fromtimestamp(start, UTC).strftime("%d %H:%M:%S") == "01 00:00:00"
