"""Prices and products: tiers when they are asked for, lookup keys that move, and filters."""

from decimal import Decimal
from typing import Any

import pytest
import stripe


async def test_tiers_are_shown_when_expanded(client: stripe.StripeClient, catalogue: Any) -> None:
    plain = await client.v1.prices.retrieve_async(catalogue.signs.id)
    assert "tiers" not in plain
    read = await client.v1.prices.retrieve_async(catalogue.signs.id, {"expand": ["tiers"]})
    assert read.tiers is not None
    assert [(tier.up_to, tier.unit_amount, tier.unit_amount_decimal) for tier in read.tiers] == [
        (100, 0, Decimal(0)),
        (1100, None, Decimal("0.5")),
        (None, None, Decimal("0.3")),
    ]
    listed = await client.v1.prices.list_async({"lookup_keys": ["signs"], "expand": ["data.tiers", "data.product"]})
    (row,) = listed.data
    assert (len(row.tiers or []), row["product"]["name"]) == (3, "Signing")


async def test_a_lookup_key_moves_only_when_it_is_told_to(client: stripe.StripeClient, catalogue: Any) -> None:
    fresh: Any = {"product": catalogue.signs.product, "currency": "usd", "unit_amount": 1, "lookup_key": "signs"}
    with pytest.raises(stripe.InvalidRequestError, match="already uses that lookup key"):
        await client.v1.prices.create_async(fresh)
    made = await client.v1.prices.create_async({**fresh, "transfer_lookup_key": True})
    listed = await client.v1.prices.list_async({"lookup_keys": ["signs"]})
    assert [price.id for price in listed.data] == [made.id]
    assert (await client.v1.prices.retrieve_async(catalogue.signs.id)).lookup_key is None


async def test_prices_and_products_change_what_may_change(client: stripe.StripeClient, catalogue: Any) -> None:
    changed = await client.v1.prices.update_async(catalogue.plan.id, {"active": False, "nickname": "Old"})
    assert (changed.active, changed.nickname, changed.unit_amount) == (False, "Old", 5000)
    amount: Any = {"unit_amount": 1}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await client.v1.prices.update_async(catalogue.plan.id, amount)
    assert refused.value.code == "parameter_unknown"
    product = await client.v1.products.update_async(str(catalogue.plan.product), {"name": "New"})
    assert product.name == "New"


async def test_prices_filter(client: stripe.StripeClient, catalogue: Any) -> None:
    await client.v1.prices.update_async(catalogue.larger_plan.id, {"active": False})
    queries: list[tuple[Any, set[str]]] = [
        ({"active": True}, {catalogue.plan.id, catalogue.signs.id}),
        ({"recurring": {"meter": catalogue.meter.id}}, {catalogue.signs.id}),
        ({"type": "one_time"}, set()),
        ({"product": catalogue.plan.product, "active": False}, {catalogue.larger_plan.id}),
    ]
    for query, expected in queries:
        assert {price.id for price in (await client.v1.prices.list_async(query)).data} == expected


@pytest.mark.parametrize(
    "tiers",
    [
        [{"up_to": 10, "unit_amount": 1}],
        [{"up_to": 10, "unit_amount": 1}, {"up_to": 5, "unit_amount": 1}, {"up_to": "inf", "unit_amount": 1}],
        [{"up_to": "inf"}],
        [{"up_to": "inf", "unit_amount": 1, "unit_amount_decimal": "1"}],
        [{"up_to": "inf", "unit_amount": -1}],
    ],
)
async def test_tiers_that_make_no_sense_are_refused(client: stripe.StripeClient, catalogue: Any, tiers: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        await client.v1.prices.create_async(
            {
                "product": catalogue.plan.product,
                "currency": "usd",
                "billing_scheme": "tiered",
                "tiers_mode": "graduated",
                "tiers": tiers,
            }
        )


async def test_what_cannot_be_expanded_is_named(client: stripe.StripeClient, catalogue: Any) -> None:
    for path in ("nickname.x", "nothing"):
        with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
            await client.v1.prices.retrieve_async(catalogue.plan.id, {"expand": [path]})
