import json
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.bill import LineKind, month_bill
from service.domain.catalog import load_catalog, parse_catalog
from service.domain.pricing import charge
from service.domain.shown_bill import shown_bill
from service.domain.tenant import Plan
from service.domain.usage import EventType

SIGN, VERIFY, STAMP = EventType
CATALOG = load_catalog()

month_units = st.fixed_dictionaries(
    {SIGN: st.integers(0, 30_000), VERIFY: st.integers(0, 600_000), STAMP: st.integers(0, 5_000)}
)
plans = st.sampled_from(Plan)


@given(plans, month_units)
def test_the_bill_is_fee_and_tiers(plan, units):
    bill = month_bill(CATALOG, plan, "2026-11", units)
    usage = sum(charge(CATALOG.tiers(plan, each), units[each]) for each in EventType)
    assert bill.total_microcents == CATALOG.plans[plan].monthly_price_microcents + usage


@given(plans, month_units)
def test_lines_add_up_to_the_units_and_to_both_totals(plan, units):
    bill = month_bill(CATALOG, plan, "2026-11", units)
    for each in EventType:
        assert sum(line.quantity for line in bill.lines if line.event_type is each) == units[each]
    assert bill.total_cents == sum(line.amount_cents for line in bill.lines)
    assert abs(bill.total_cents * 1_000_000 - bill.total_microcents) <= 500_000 * len(bill.lines)


def test_usage_lines_by_hand():
    bill = month_bill(CATALOG, Plan.STARTER, "2026-11", {VERIFY: 20_563}, with_plan_fee=False)
    assert [(line.quantity, line.amount_microcents, line.amount_cents) for line in bill.lines] == [
        (10_000, 0, 0),
        (10_000, 10_000_000_000, 10_000),
        (563, 450_400_000, 450),
    ]
    assert (bill.total_microcents, bill.total_cents) == (10_450_400_000, 10_450)


@pytest.mark.parametrize(("units", "cents"), [(9, 8), (10, 9), (11, 9), (30, 26)])
def test_a_line_is_rounded_half_up(units, cents):
    """At 0.85 cents a unit, 10 and 30 units end on half a cent."""
    text = files("service").joinpath("catalog.yaml").read_text().replace('"0.008"', '"0.0085"')
    bill = month_bill(parse_catalog(text), Plan.STARTER, "2026-11", {VERIFY: 20_000 + units}, with_plan_fee=False)
    assert bill.lines[-1].amount_cents == cents


def test_the_fee_is_for_the_coming_month_and_usage_for_the_past_one():
    bill = shown_bill(month_bill(CATALOG, Plan.PRO, "2026-12", {SIGN: 2_001}))
    fee, included, overage = bill["lines"]
    december = {"start": "2026-12-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"}
    assert bill["period"] == included["period"] == overage["period"] == december
    assert fee["period"] == {"start": "2027-01-01T00:00:00Z", "end": "2027-02-01T00:00:00Z"}
    assert [line["description"] for line in bill["lines"]] == [
        "Pro plan, 2027-01",
        "Signatures, included in the plan (first 2,000)",
        "Signatures, from unit 2,001 to 3,000",
    ]
    assert (bill["total_microcents"], bill["total_cents"]) == (69_950_000_000, 69_950)
    assert json.loads(json.dumps(bill)) == bill


def test_without_the_fee_only_usage_is_left():
    bill = month_bill(CATALOG, Plan.PRO, "2026-11", {STAMP: 3}, with_plan_fee=False)
    assert [line.kind for line in bill.lines] == [LineKind.USAGE]
    assert bill.lines[0].description == "RFC 3161 timestamps, from unit 1"
    assert bill.total_cents == 150


def test_a_month_below_zero_is_charged_as_none():
    assert month_bill(CATALOG, Plan.PRO, "2026-11", {SIGN: -5}, with_plan_fee=False).lines == ()


@pytest.mark.parametrize("month", ["", "2026", "2026-13", "2026-11-01", "november"])
def test_a_month_of_another_form_is_refused(month):
    with pytest.raises(ValueError, match="expected a month such as 2026-11"):
        month_bill(CATALOG, Plan.PRO, month, {})
