from datetime import UTC, datetime
from decimal import Decimal

import pytest
import stripe

from chaos.lab.stripe_sandbox.periods import period_end

NOW = 1_790_000_000
DAY_SECONDS = 24 * 3600


@pytest.fixture
async def customer(client: stripe.StripeClient) -> stripe.Customer:
    return await client.v1.customers.create_async({"name": "Acme"})


@pytest.fixture
async def monthly(client: stripe.StripeClient) -> stripe.Price:
    product = await client.v1.products.create_async({"name": "Pro"})
    return await client.v1.prices.create_async(
        {"product": product.id, "currency": "usd", "unit_amount": 69900, "recurring": {"interval": "month"}}
    )


@pytest.fixture
async def metered(client: stripe.StripeClient) -> stripe.Price:
    meter = await client.v1.billing.meters.create_async(
        {"display_name": "Signs", "event_name": "sign_events", "default_aggregation": {"formula": "sum"}}
    )
    product = await client.v1.products.create_async({"name": "Signs"})
    return await client.v1.prices.create_async(
        {
            "product": product.id,
            "currency": "usd",
            "billing_scheme": "tiered",
            "tiers_mode": "graduated",
            "tiers": [{"up_to": 1000, "unit_amount": 50}, {"up_to": "inf", "unit_amount": 40}],
            "recurring": {"interval": "month", "usage_type": "metered", "meter": meter.id},
        }
    )


async def subscribe(
    client: stripe.StripeClient, customer: stripe.Customer, *prices: stripe.Price
) -> stripe.Subscription:
    return await client.v1.subscriptions.create_async(
        {"customer": customer.id, "items": [{"price": price.id} for price in prices]}
    )


async def test_a_subscription_has_its_period_on_its_items(
    client: stripe.StripeClient,
    customer: stripe.Customer,
    monthly: stripe.Price,
    metered: stripe.Price,
) -> None:
    made = await subscribe(client, customer, monthly, metered)
    licensed, counted = (await client.v1.subscriptions.retrieve_async(made.id))["items"].data
    assert made.status == "active"
    assert (licensed.price.id, licensed.quantity) == (monthly.id, 1)
    assert "quantity" not in counted
    assert licensed.current_period_start == NOW
    assert licensed.current_period_end == period_end(NOW, "month", 1)
    assert "current_period_end" not in made


async def test_a_trial_ends_when_it_was_said_to(
    client: stripe.StripeClient, customer: stripe.Customer, monthly: stripe.Price
) -> None:
    made = await client.v1.subscriptions.create_async(
        {"customer": customer.id, "items": [{"price": monthly.id}], "trial_period_days": 14}
    )
    assert (made.status, made.trial_end) == ("trialing", NOW + 14 * DAY_SECONDS)
    assert made["items"].data[0].current_period_end == NOW + 14 * DAY_SECONDS
    ended = await client.v1.subscriptions.update_async(made.id, {"trial_end": "now"})
    assert (ended.status, ended.trial_end) == ("active", NOW)


async def test_an_update_changes_prices_and_asks_to_end(
    client: stripe.StripeClient,
    customer: stripe.Customer,
    monthly: stripe.Price,
    metered: stripe.Price,
) -> None:
    made = await subscribe(client, customer, monthly)
    item = made["items"].data[0]
    changed = await client.v1.subscriptions.update_async(
        made.id,
        {
            "items": [{"id": item.id, "quantity": 3}, {"price": metered.id}],
            "cancel_at_period_end": True,
            "metadata": {"tenant_id": "t1"},
        },
    )
    assert [(row.price.id, getattr(row, "quantity", None)) for row in changed["items"].data] == [
        (monthly.id, 3),
        (metered.id, None),
    ]
    assert (changed.cancel_at_period_end, changed.cancel_at) == (True, item.current_period_end)
    gone = await client.v1.subscriptions.update_async(made.id, {"items": [{"id": item.id, "deleted": True}]})
    assert [row.price.id for row in gone["items"].data] == [metered.id]


async def test_a_cancelled_subscription_is_over(
    client: stripe.StripeClient, customer: stripe.Customer, monthly: stripe.Price
) -> None:
    made = await subscribe(client, customer, monthly)
    ended = await client.v1.subscriptions.cancel_async(made.id)
    assert (ended.status, ended.ended_at) == ("canceled", NOW)
    with pytest.raises(stripe.InvalidRequestError):
        await client.v1.subscriptions.update_async(made.id, {"metadata": {"a": "b"}})
    listed = client.v1.subscriptions.list_async
    assert (await listed({"customer": customer.id})).data == []
    assert [row.id for row in (await listed({"customer": customer.id, "status": "all"})).data] == [made.id]


async def test_deleting_a_customer_ends_its_subscriptions(
    client: stripe.StripeClient, customer: stripe.Customer, monthly: stripe.Price
) -> None:
    made = await subscribe(client, customer, monthly)
    await client.v1.customers.delete_async(customer.id)
    assert (await client.v1.subscriptions.retrieve_async(made.id)).status == "canceled"


async def test_what_a_subscription_needs_must_exist(
    client: stripe.StripeClient, customer: stripe.Customer, monthly: stripe.Price
) -> None:
    refused: list[tuple[str | None, str | None]] = []
    for params in (
        {"customer": "cus_none", "items": [{"price": monthly.id}]},
        {"customer": customer.id},
        {"customer": customer.id, "items": [{"price": "price_none"}]},
    ):
        with pytest.raises(stripe.InvalidRequestError) as error:
            await client.v1.subscriptions.create_async(params)
        refused.append((error.value.code, error.value.param))
    assert refused == [
        ("resource_missing", "customer"),
        ("parameter_missing", "items"),
        ("resource_missing", "items[price]"),
    ]


async def test_a_metered_price_needs_a_meter(client: stripe.StripeClient) -> None:
    product = await client.v1.products.create_async({"name": "Signs"})
    with pytest.raises(stripe.InvalidRequestError, match="backed by a meter"):
        await client.v1.prices.create_async(
            {
                "product": product.id,
                "currency": "usd",
                "unit_amount": 1,
                "recurring": {"interval": "month", "usage_type": "metered"},
            }
        )


async def test_amounts_below_a_cent_stay_exact(client: stripe.StripeClient) -> None:
    product = await client.v1.products.create_async({"name": "Verifies"})
    price = await client.v1.prices.create_async(
        {"product": product.id, "currency": "usd", "unit_amount_decimal": Decimal("0.80")}
    )
    assert (price.unit_amount, price.unit_amount_decimal) == (None, Decimal("0.8"))


async def test_prices_list_by_lookup_key(client: stripe.StripeClient) -> None:
    product = await client.v1.products.create_async({"name": "Plans"})
    for key in ("starter", "pro"):
        await client.v1.prices.create_async(
            {"product": product.id, "currency": "usd", "unit_amount": 1, "lookup_key": key}
        )
    found = await client.v1.prices.list_async({"lookup_keys": ["pro"]})
    assert [price.lookup_key for price in found.data] == ["pro"]


@pytest.mark.parametrize(
    ("start", "interval", "count", "end"),
    [
        ("2026-01-31", "month", 1, "2026-02-28"),
        ("2028-01-31", "month", 1, "2028-02-29"),
        ("2026-11-15", "month", 2, "2027-01-15"),
        ("2028-02-29", "year", 1, "2029-02-28"),
        ("2026-12-31", "day", 1, "2027-01-01"),
        ("2026-12-31", "week", 2, "2027-01-14"),
    ],
)
def test_periods_follow_the_calendar(start: str, interval: str, count: int, end: str) -> None:
    begun = int(datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp())
    ended = datetime.fromtimestamp(period_end(begun, interval, count), UTC)
    assert ended.date().isoformat() == end
