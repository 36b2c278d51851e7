"""A subscription's life as time passes: trial, first short period, usage, failures, and its end."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

Control = Callable[..., Awaitable[dict[str, Any]]]
DAY_SECONDS = 24 * 3600
HOUR_SECONDS = 3600
ANCHOR: Any = {"day_of_month": 1, "hour": 0, "minute": 0, "second": 0}
NOW = 1_790_000_000  # 2026-09-21T14:13:20Z
TRIAL_END = NOW - NOW % 3600 + 15 * DAY_SECONDS


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


async def subscribe(
    client: stripe.StripeClient, customer: stripe.Customer, catalogue: Any, **more: Any
) -> stripe.Subscription:
    items: Any = [{"price": catalogue.plan.id}, {"price": catalogue.signs.id}]
    return await client.v1.subscriptions.create_async({"customer": customer.id, "items": items, **more})


async def use(client: stripe.StripeClient, customer: stripe.Customer, units: int, timestamp: int) -> None:
    payload = {"stripe_customer_id": customer.id, "value": str(units)}
    await client.v1.billing.meter_events.create_async(
        {"event_name": "signs", "payload": payload, "timestamp": timestamp}
    )


async def invoices(client: stripe.StripeClient, customer: stripe.Customer) -> list[stripe.Invoice]:
    """Oldest first."""
    return list(reversed((await client.v1.invoices.list_async({"customer": customer.id})).data))


def rows(invoice: stripe.Invoice) -> list[tuple[int | None, int]]:
    return [(line.quantity, line.amount) for line in invoice.lines.data]


async def types(client: stripe.StripeClient) -> list[str]:
    """All events since the start, oldest first."""
    listed = await client.v1.events.list_async({"limit": 100})
    return [event.type async for event in listed.auto_paging_iter()][::-1]


async def test_a_trial_ends_in_a_short_period_and_then_months_follow(
    client: stripe.StripeClient, control: Control, catalogue: Any, payer: stripe.Customer
) -> None:
    made = await subscribe(client, payer, catalogue, trial_end=TRIAL_END, billing_cycle_anchor_config=ANCHOR)
    november = at("2026-11-01")
    assert (made.status, made.billing_cycle_anchor) == ("trialing", november)
    await use(client, payer, 70, NOW)

    await control("clock", now=TRIAL_END + 2 * HOUR_SECONDS)
    running = await client.v1.subscriptions.retrieve_async(made.id)
    item = running["items"].data[0]
    assert (running.status, item.current_period_start, item.current_period_end) == ("active", TRIAL_END, november)
    share_cents = round(5000 * (november - TRIAL_END) / (november - at("2026-10-01")))
    trial, short = await invoices(client, payer)
    assert (trial.billing_reason, trial.status, trial.total) == ("subscription_create", "paid", 0)
    assert (short.status, rows(short)) == ("paid", [(1, share_cents)])

    await use(client, payer, 1300, at("2026-10-06T14:30:00"))
    await use(client, payer, -100, TRIAL_END + HOUR_SECONDS)
    await control("clock", now=november + 600)
    await use(client, payer, 1, november - 1)
    await use(client, payer, 5, november)
    await control("clock", now=november + HOUR_SECONDS)
    october = (await invoices(client, payer))[-1]
    assert (october.period_start, october.period_end) == (TRIAL_END, november)
    assert rows(october) == [(100, 0), (1000, 500), (101, 30), (1, 5000)]
    assert (october.status, october.amount_paid) == ("paid", 5530)

    await control("clock", now=at("2026-12-01T01:00:00"))
    last = (await invoices(client, payer))[-1]
    assert rows(last) == [(5, 0), (1, 5000)]


async def test_the_end_of_a_trial_is_announced_three_days_before(
    client: stripe.StripeClient, control: Control, catalogue: Any, payer: stripe.Customer
) -> None:
    made = await subscribe(client, payer, catalogue, trial_end=TRIAL_END)
    await control("clock", now=TRIAL_END + HOUR_SECONDS)
    listed = await client.v1.events.list_async({"type": "customer.subscription.trial_will_end"})
    assert [(event.created, event.data.object["id"]) for event in listed.data] == [
        (TRIAL_END - 3 * DAY_SECONDS, made.id)
    ]


async def test_a_failing_card_is_tried_again_and_the_subscription_becomes_unpaid(
    client: stripe.StripeClient, control: Control, catalogue: Any, payer: stripe.Customer
) -> None:
    made = await subscribe(client, payer, catalogue)
    bad = await client.v1.payment_methods.attach_async("pm_card_chargeCustomerFail", {"customer": payer.id})
    await client.v1.customers.update_async(payer.id, {"invoice_settings": {"default_payment_method": bad.id}})
    due = made["items"].data[0].current_period_end + HOUR_SECONDS
    seen = []
    for days in (0, 3, 5, 7):
        due += days * DAY_SECONDS
        await control("clock", now=due)
        invoice = (await invoices(client, payer))[1]
        status = (await client.v1.subscriptions.retrieve_async(made.id)).status
        next_days = (invoice.next_payment_attempt - due) // DAY_SECONDS if invoice.next_payment_attempt else None
        seen.append((invoice.attempt_count, next_days, status))
    assert seen == [(1, 3, "past_due"), (2, 5, "past_due"), (3, 7, "past_due"), (4, None, "unpaid")]
    charges = (await client.v1.charges.list_async({"customer": payer.id})).data
    assert [charge.status for charge in charges] == ["failed"] * 4 + ["succeeded"]

    with pytest.raises(stripe.CardError) as refused:
        await client.v1.invoices.pay_async(invoice.id)
    assert (refused.value.code, refused.value.http_status) == ("card_declined", 402)
    good = await client.v1.payment_methods.attach_async("pm_card_visa", {"customer": payer.id})
    paid = await client.v1.invoices.pay_async(invoice.id, {"payment_method": good.id})
    assert (paid.status, paid.amount_remaining, paid.attempt_count) == ("paid", 0, 4)
    assert (await client.v1.subscriptions.retrieve_async(made.id)).status == "active"
    told = await types(client)
    assert told.count("charge.failed") == told.count("invoice.payment_failed") == 5


async def test_the_last_failure_can_cancel_instead(
    client: stripe.StripeClient, control: Control, catalogue: Any
) -> None:
    await control("settings", after_last_retry="canceled", retry_days=[1])
    customer = await client.v1.customers.create_async()
    made = await subscribe(client, customer, catalogue, trial_end=TRIAL_END)
    await control("clock", now=TRIAL_END + HOUR_SECONDS + DAY_SECONDS)
    ended = await client.v1.subscriptions.retrieve_async(made.id)
    assert ended.cancellation_details is not None
    assert (ended.status, ended.cancellation_details.reason) == ("canceled", "payment_failed")


async def test_a_first_payment_that_fails_leaves_it_incomplete_and_then_expired(
    client: stripe.StripeClient, control: Control, catalogue: Any
) -> None:
    customer = await client.v1.customers.create_async({"payment_method": "pm_card_chargeCustomerFail"})
    (method,) = (await client.v1.payment_methods.list_async({"customer": customer.id})).data
    made = await subscribe(client, customer, catalogue, default_payment_method=method.id)
    assert made.status == "incomplete"
    with pytest.raises(stripe.CardError):
        await subscribe(
            client, customer, catalogue, default_payment_method=method.id, payment_behavior="error_if_incomplete"
        )
    await control("clock", advance_seconds=23 * HOUR_SECONDS)
    assert (await client.v1.subscriptions.retrieve_async(made.id)).status == "incomplete_expired"


async def test_what_was_incomplete_runs_on_once_it_is_paid(
    client: stripe.StripeClient, control: Control, catalogue: Any, payer: stripe.Customer
) -> None:
    made = await subscribe(client, payer, catalogue, payment_behavior="default_incomplete")
    assert made.status == "incomplete"
    await client.v1.invoices.pay_async(str(made.latest_invoice))
    await control("clock", now=made["items"].data[0].current_period_end + HOUR_SECONDS)
    assert (await client.v1.subscriptions.retrieve_async(made.id)).status == "active"
    assert [invoice.status for invoice in await invoices(client, payer)] == ["paid", "paid"]


async def test_a_first_payment_that_works_is_told_as_one_creation(
    client: stripe.StripeClient, catalogue: Any, payer: stripe.Customer
) -> None:
    await subscribe(client, payer, catalogue)
    about_it = [kind for kind in await types(client) if kind.startswith(("customer.subscription", "invoice"))]
    assert about_it == [
        "invoice.created",
        "invoice.finalized",
        "invoice.paid",
        "invoice.payment_succeeded",
        "customer.subscription.created",
    ]


async def test_strictly_a_first_payment_needs_a_method(
    client: stripe.StripeClient, control: Control, catalogue: Any
) -> None:
    await control("settings", first_payment="strict")
    customer = await client.v1.customers.create_async()
    with pytest.raises(stripe.InvalidRequestError, match="no attached payment source"):
        await subscribe(client, customer, catalogue)
    assert (await client.v1.subscriptions.list_async({"customer": customer.id, "status": "all"})).data == []


@pytest.mark.parametrize(("behavior", "status"), [("pause", "paused"), ("cancel", "canceled")])
async def test_a_trial_without_a_method_may_pause_or_end(
    client: stripe.StripeClient, control: Control, catalogue: Any, behavior: str, status: str
) -> None:
    customer = await client.v1.customers.create_async()
    settings = {"end_behavior": {"missing_payment_method": behavior}}
    made = await subscribe(client, customer, catalogue, trial_end=TRIAL_END, trial_settings=settings)
    await control("clock", now=TRIAL_END)
    assert (await client.v1.subscriptions.retrieve_async(made.id)).status == status
    if behavior == "pause":
        resumed = await client.v1.subscriptions.resume_async(made.id)
        assert (resumed.status, resumed.billing_cycle_anchor) == ("active", TRIAL_END)
        assert {"customer.subscription.paused", "customer.subscription.resumed"} <= set(await types(client))


async def test_a_cancellation_at_the_periods_end_still_bills_what_was_used(
    client: stripe.StripeClient, control: Control, catalogue: Any, payer: stripe.Customer
) -> None:
    made = await subscribe(client, payer, catalogue)
    await use(client, payer, 300, NOW)
    await client.v1.subscriptions.update_async(
        made.id, {"cancel_at_period_end": True, "cancellation_details": {"comment": "too few photos"}}
    )
    end = made["items"].data[0].current_period_end
    await control("clock", now=end + HOUR_SECONDS)
    ended = await client.v1.subscriptions.retrieve_async(made.id)
    assert ended.cancellation_details is not None
    assert (ended.status, ended.ended_at, ended.canceled_at) == ("canceled", end, NOW)
    assert ended.cancellation_details.comment == "too few photos"
    last = (await invoices(client, payer))[-1]
    assert (rows(last), last.status) == ([(100, 0), (200, 100)], "paid")


async def test_a_cancellation_at_once_can_credit_and_bill(
    client: stripe.StripeClient, control: Control, catalogue: Any, payer: stripe.Customer
) -> None:
    made = await subscribe(client, payer, catalogue)
    half = (made["items"].data[0].current_period_end - NOW) // 2
    await use(client, payer, 300, NOW)
    await control("clock", advance_seconds=half)
    await client.v1.subscriptions.cancel_async(made.id, {"prorate": True, "invoice_now": True})
    last = (await invoices(client, payer))[-1]
    assert rows(last) == [(1, -2500), (100, 0), (200, 100)]


@pytest.mark.parametrize("behavior", ["create_prorations", "none", "always_invoice"])
async def test_a_change_of_plan_is_paid_as_it_says(
    client: stripe.StripeClient, control: Control, catalogue: Any, payer: stripe.Customer, behavior: Any
) -> None:
    made = await subscribe(client, payer, catalogue)
    item = made["items"].data[0]
    await control("clock", advance_seconds=(item.current_period_end - NOW) // 2)
    swap: Any = {"items": [{"id": item.id, "price": catalogue.larger_plan.id}], "proration_behavior": behavior}
    preview = await client.v1.invoices.create_preview_async({"subscription": made.id, "subscription_details": swap})
    changed = await client.v1.subscriptions.update_async(made.id, swap)
    assert [row.price.id for row in changed["items"].data] == [catalogue.larger_plan.id, catalogue.signs.id]
    prorations = [(1, -2500), (1, 10000)]
    if behavior == "always_invoice":
        assert rows((await invoices(client, payer))[-1]) == rows(preview) == prorations
    await control("clock", now=item.current_period_end + HOUR_SECONDS)
    waiting = prorations if behavior == "create_prorations" else []
    assert rows((await invoices(client, payer))[-1]) == [*waiting, (0, 0), (1, 20000)]
    if behavior != "always_invoice":
        assert rows(preview) == [*waiting, (0, 0), (1, 20000)]


async def test_a_preview_shows_the_running_usage_and_changes_nothing(
    client: stripe.StripeClient, catalogue: Any, payer: stripe.Customer
) -> None:
    made = await subscribe(client, payer, catalogue)
    await use(client, payer, 1201, NOW)
    before = await types(client)
    preview = await client.v1.invoices.create_preview_async({"subscription": made.id})
    assert rows(preview) == [(100, 0), (1000, 500), (101, 30), (1, 5000)]
    line = preview.lines.data[1]
    assert line.pricing is not None
    assert line.pricing.price_details is not None
    assert (str(line.pricing.unit_amount_decimal), line.pricing.price_details.price) == ("0.5", catalogue.signs.id)
    ending = await client.v1.invoices.create_preview_async(
        {"subscription": made.id, "subscription_details": {"cancel_at_period_end": True}}
    )
    assert rows(ending) == [(100, 0), (1000, 500), (101, 30)]
    assert await types(client) == before
    assert len(await invoices(client, payer)) == 1


async def test_a_preview_of_a_new_subscription(
    client: stripe.StripeClient, catalogue: Any, payer: stripe.Customer
) -> None:
    details: Any = {"items": [{"price": catalogue.plan.id, "quantity": 2}]}
    preview = await client.v1.invoices.create_preview_async({"customer": payer.id, "subscription_details": details})
    assert (rows(preview), preview.amount_due) == ([(2, 10000)], 10000)


async def test_time_moves_in_one_step_or_in_many_with_the_same_result(
    client: stripe.StripeClient, control: Control, catalogue: Any
) -> None:
    told = []
    for steps in (1, 90):
        clock = await client.v1.test_helpers.test_clocks.create_async({"frozen_time": NOW})
        customer = await client.v1.customers.create_async({"test_clock": clock.id})
        made = await subscribe(client, customer, catalogue, trial_end=TRIAL_END)
        for step in range(1, steps + 1):
            moment = NOW + 90 * DAY_SECONDS * step // steps
            clock = await client.v1.test_helpers.test_clocks.advance_async(clock.id, {"frozen_time": moment})
        assert clock.status == "ready"
        ended = await client.v1.subscriptions.retrieve_async(made.id)
        drafts = [(row.status, row.total, row.attempt_count, row.created) for row in await invoices(client, customer)]
        told.append((ended.status, drafts))
    assert told[0] == told[1]
    assert told[0][0] == "unpaid"
    assert (await control("clock", advance_seconds=0))["now"] == NOW


async def test_a_deleted_test_clock_takes_its_customers_with_it(client: stripe.StripeClient) -> None:
    clock = await client.v1.test_helpers.test_clocks.create_async({"frozen_time": NOW})
    customer = await client.v1.customers.create_async({"test_clock": clock.id})
    await client.v1.test_helpers.test_clocks.delete_async(clock.id)
    assert (await client.v1.customers.retrieve_async(customer.id)).deleted is True


async def test_time_does_not_go_back(client: stripe.StripeClient) -> None:
    clock = await client.v1.test_helpers.test_clocks.create_async({"frozen_time": NOW})
    with pytest.raises(stripe.InvalidRequestError):
        await client.v1.test_helpers.test_clocks.advance_async(clock.id, {"frozen_time": NOW - 1})
