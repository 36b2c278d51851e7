from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.bill import month_bill
from service.domain.catalog import load_catalog
from service.domain.cost import (
    DayUsage,
    Estimate,
    accrue,
    accrue_request,
    daily_costs,
    keeps_margin_floor,
    margin_ratio,
)
from service.domain.tenant import Plan
from service.domain.usage import EventType

SIGN, VERIFY, STAMP = EventType
CATALOG = load_catalog()
MODEL = CATALOG.cost_model
FIRST = date(2026, 11, 1)

day_units = st.dictionaries(st.sampled_from(EventType), st.integers(0, 5_000))


def days(units):
    return [DayUsage(FIRST + timedelta(days=index), each, each, 10) for index, each in enumerate(units)]


def test_a_months_cost_by_hand():
    """10,000 signatures of 100 kB and 1,000,000 verifications of 2 kB are 3 GB, kept for 12 months at 0.015 USD."""
    cost = accrue(MODEL, {SIGN: 10_000, VERIFY: 1_000_000, STAMP: 1_000}, requests=2_000_000)
    assert cost.storage_microcents == 54_000_000
    assert cost.timestamp_authority_microcents == 180_000_000
    assert cost.requests_microcents == 60_000_000
    assert cost.total_microcents == 294_000_000


def test_the_low_estimate_takes_the_cheapest_authority():
    assert accrue_request(MODEL) == accrue(MODEL, {}, requests=1).total_microcents > 0
    low = accrue(MODEL, {STAMP: 1_000}, 0, Estimate.LOW)
    assert low.timestamp_authority_microcents == 120_000_000


@given(day_units, day_units, st.integers(0, 10**6))
def test_cost_splits_over_parts_but_for_rounding(some, others, requests):
    whole = {each: some.get(each, 0) + others.get(each, 0) for each in EventType}
    parts = [accrue(MODEL, some, requests), accrue(MODEL, others, 0)]
    assert abs(accrue(MODEL, whole, requests).total_microcents - sum(part.total_microcents for part in parts)) <= 1


@given(st.sampled_from(Plan), st.lists(day_units, max_size=30))
def test_the_days_revenue_adds_up_to_the_bill(plan, units):
    costs = daily_costs(CATALOG, plan, days(units))
    total = {each: sum(day.get(each, 0) for day in units) for each in EventType}
    bill = month_bill(CATALOG, plan, "2026-11", total, with_plan_fee=False)
    assert sum(each.revenue_microcents for each in costs) == bill.total_microcents


@given(st.lists(st.integers(-3_000, 3_000), max_size=30))
def test_the_days_revenue_adds_up_over_corrections(changes):
    costs = daily_costs(CATALOG, Plan.STARTER, days([{SIGN: each} for each in changes]))
    bill = month_bill(CATALOG, Plan.STARTER, "2026-11", {SIGN: sum(changes)}, with_plan_fee=False)
    assert sum(each.usage_microcents for each in costs) == bill.total_microcents


def test_trial_units_cost_but_bring_nothing():
    trial_day = DayUsage(FIRST, billed={}, served={STAMP: 100}, requests=0)
    (cost,) = daily_costs(CATALOG, Plan.STARTER, [trial_day])
    assert cost.revenue_microcents == 0
    assert cost.cost.total_microcents == 18_000_000
    assert cost.margin_ratio is None


@pytest.mark.parametrize(
    ("revenue", "cost", "ratio"),
    [(100, 30, "0.7000"), (3, 1, "0.6667"), (100, 250, "-1.5000"), (0, 5, None), (-1, 5, None)],
)
def test_margin(revenue, cost, ratio):
    assert margin_ratio(revenue, cost) == (None if ratio is None else Decimal(ratio))


@pytest.mark.parametrize(
    ("revenue", "cost", "is_kept"),
    [(100, 30, True), (1_000_000_000, 300_000_001, False), (0, 0, True), (0, 1, False)],
)
def test_the_floor_is_judged_without_rounding(revenue, cost, is_kept):
    assert keeps_margin_floor(MODEL, revenue, cost) is is_kept
