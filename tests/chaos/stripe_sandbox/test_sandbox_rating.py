"""Invoices over tiers against a sum that looks at every single unit."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.lab.stripe_sandbox.objects import Object
from chaos.lab.stripe_sandbox.params import Params
from chaos.lab.stripe_sandbox.rating import Tier, volume
from chaos.lab.stripe_sandbox.sandbox import Sandbox

NOW = 1_790_000_000.0
unit_cents = st.integers(0, 5_000_000).map(lambda millionths: Decimal(millionths).scaleb(-6))
widths = st.lists(st.integers(1, 60), min_size=0, max_size=4)
reports = st.lists(st.integers(-20, 90), max_size=6)


def price_with(sandbox: Sandbox, tiers: list[Tier]) -> Object:
    meter = sandbox.meters.create(
        Params({"display_name": "M", "event_name": "m", "default_aggregation": {"formula": "sum"}})
    )
    product = sandbox.products.create(Params({"name": "P"}))
    rows = {
        str(number): {
            "up_to": "inf" if tier.up_to is None else str(tier.up_to),
            "unit_amount_decimal": str(tier.unit_cents),
            "flat_amount": str(tier.flat_cents),
        }
        for number, tier in enumerate(tiers)
    }
    recurring = {"interval": "month", "usage_type": "metered", "meter": meter["id"]}
    fixed = {"billing_scheme": "tiered", "tiers_mode": "graduated", "currency": "usd"}
    return sandbox.prices.create(
        Params({**fixed, "product": product["id"], "tiers": {**rows}, "recurring": {**recurring}})
    )


def unit_by_unit_cents(units: int, tiers: list[Tier]) -> int:
    """Each unit looks for its tier by itself; each tier is rounded once."""
    sums = [Decimal(0) for _ in tiers]
    entered = {0}
    for unit in range(1, units + 1):
        number = next(n for n, tier in enumerate(tiers) if tier.up_to is None or unit <= tier.up_to)
        sums[number] += tiers[number].unit_cents
        entered.add(number)
    rounded = sum(int(cents.quantize(Decimal(1), ROUND_HALF_UP)) for cents in sums)
    return rounded + sum(int(tiers[number].flat_cents) for number in entered)


@st.composite
def graduated_tiers(draw: st.DrawFn) -> list[Tier]:
    bounds, top = [], 0
    for width in draw(widths):
        top += width
        bounds.append(top)
    return [Tier(bound, draw(unit_cents), Decimal(draw(st.integers(0, 300)))) for bound in [*bounds, None]]


@given(graduated_tiers(), reports)
def test_the_lines_of_an_invoice_add_up_to_the_single_units(tiers: list[Tier], values: list[int]) -> None:
    sandbox = Sandbox(lambda: NOW)
    price = price_with(sandbox, tiers)
    customer = sandbox.customers.create(Params({}))
    sandbox.subscriptions.create(Params({"customer": customer["id"], "items": {"0": {"price": price["id"]}}}))
    for value in values:
        sandbox.meter_events.take("m", {"stripe_customer_id": customer["id"], "value": str(value)}, None, None)
    sandbox.times.main.move_to(NOW + 32 * 24 * 3600)
    invoice = sandbox.invoices.kept.of("customer", customer["id"])[-1]
    units = max(0, sum(values))
    assert sum(line["amount"] for line in invoice["lines"]["data"]) == unit_by_unit_cents(units, tiers)
    assert sum(line["quantity"] for line in invoice["lines"]["data"]) == units
    assert invoice["total"] == unit_by_unit_cents(units, tiers)


@pytest.mark.parametrize(("units", "cents"), [(0, 0), (10, 100), (11, 55)])
def test_volume_tiers_price_all_units_alike(units: int, cents: int) -> None:
    tiers = [Tier(10, Decimal(10)), Tier(None, Decimal(5))]
    assert sum(charge.cents() for charge in volume(units, tiers)) == cents


@pytest.mark.parametrize(("exact", "cents"), [("0.5", 1), ("1.5", 2), ("2.49", 2), ("0.4999", 0)])
def test_half_a_cent_is_rounded_up(exact: str, cents: int) -> None:
    (charge,) = volume(1, [Tier(None, Decimal(exact))])
    assert charge.cents() == cents
