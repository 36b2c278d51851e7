from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.catalog import load_catalog
from service.domain.forecast import BudgetStatus, Method
from service.domain.monthly_fee import fee_share
from service.domain.pricing import charge
from service.domain.statement import MonthFacts, state
from service.domain.tenant import Dunning, Plan, Tenant, TenantStatus
from service.domain.usage import EventType

SIGN, VERIFY, STAMP = EventType
CATALOG = load_catalog()
FEE = CATALOG.plans[Plan.STARTER].monthly_price_microcents
SIGN_MICROCENTS = 50_000_000


def second(*parts):
    return int(datetime(*parts, tzinfo=UTC).timestamp())


def tenant(**changes):
    fields = {
        "tenant_id": "7f" + "0" * 30,
        "name": "Example",
        "email": "billing@example.com",
        "plan": Plan.STARTER,
        "status": TenantStatus.ACTIVE,
        "dunning": Dunning.CURRENT,
        "customer_id": "cus_1",
        "subscription_id": "sub_1",
        "created_at": second(2031, 3, 5),
        "trial_ends_at": second(2031, 3, 19),
    }
    return Tenant(**fields | changes)


def stated(owner, month, now, billed=None, earlier=None, **facts):
    known = MonthFacts(month, billed or {}, facts.get("served", {}), facts.get("requests", {}), earlier or {})
    return state(CATALOG, owner, known, datetime(*now, tzinfo=UTC))


def month_days(year, month):
    first = date(year, month, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return [first + timedelta(days=number) for number in range(last.day)]


def test_the_days_go_from_the_first_of_the_month_to_today():
    days = stated(tenant(), "2031-11", (2031, 11, 3, 12)).days
    assert [day.day for day in days] == [date(2031, 11, 1), date(2031, 11, 2), date(2031, 11, 3)]


def test_a_month_that_is_over_has_all_its_days_and_its_whole_fee():
    statement = stated(tenant(), "2031-10", (2031, 11, 3))
    assert (len(statement.days), statement.outlook) == (31, None)
    assert statement.revenue_microcents == FEE


@pytest.mark.parametrize("month", ["2031-02", "2031-12", "2199-12", "2000-01"])
def test_a_month_before_the_sign_up_or_after_the_current_one_is_empty(month):
    statement = stated(tenant(), month, (2031, 11, 3))
    assert (statement.days, statement.outlook, statement.revenue_microcents) == ((), None, 0)


def test_what_was_used_before_the_sign_up_is_shown_and_costs_us_something():
    statement = stated(tenant(), "2031-02", (2031, 3, 6), served={"2031-02-20": {SIGN: 10}})
    assert (statement.revenue_microcents, statement.cost_microcents) == (0, 18_000)
    assert statement.margin_ratio is None


def test_the_fee_begins_with_the_second_in_which_the_trial_ends():
    owner = tenant(trial_ends_at=second(2031, 3, 19, 18))
    shares = {day.day.day: day.fee_microcents for day in stated(owner, "2031-03", (2031, 3, 31)).days}
    assert shares[18] == 0
    assert shares[20] - 4 * shares[19] in range(-4, 5)
    assert sum(shares.values()) == FEE * (12 * 24 + 6) // (31 * 24)


@given(st.integers(-40 * 24, 40 * 24), st.sampled_from([(2031, 2), (2032, 2), (2031, 11), (2031, 12)]))
def test_the_shares_of_a_month_add_up_to_its_paid_part(hours, month):
    start = second(*month, 1)
    owner = tenant(trial_ends_at=start + hours * 3600)
    days = month_days(*month)
    paid_hours = len(days) * 24 - min(max(hours, 0), len(days) * 24)
    assert sum(fee_share(FEE, owner, day) for day in days) == FEE * paid_hours // (len(days) * 24)


def test_a_month_that_was_paid_in_advance_stays_paid_after_a_cancellation_at_once():
    owner = tenant(status=TenantStatus.CANCELED, canceled_at=second(2031, 11, 10))
    assert stated(owner, "2031-11", (2031, 11, 30)).revenue_microcents == FEE
    assert stated(owner, "2031-12", (2031, 12, 31)).revenue_microcents == 0


@pytest.mark.parametrize(
    ("changes", "month"),
    [
        ({"cancel_at": second(2031, 12, 1)}, "2031-12"),
        ({"canceled_at": second(2031, 3, 10), "status": TenantStatus.CANCELED}, "2031-03"),
        ({"cancel_at": second(2031, 3, 19)}, "2031-03"),
    ],
)
def test_who_leaves_with_the_period_or_within_the_trial_owes_no_fee(changes, month):
    owner = tenant(**changes)
    assert {day.fee_microcents for day in stated(owner, month, (2032, 1, 1)).days} == {0}


def test_usage_reported_just_before_midnight_for_tomorrow_is_shown_already():
    statement = stated(tenant(), "2031-11", (2031, 11, 3, 23, 58), {"2031-11-04": {STAMP: 1}})
    assert statement.days[-1].day == date(2031, 11, 4)
    assert statement.days[-1].usage_microcents == SIGN_MICROCENTS


@given(st.lists(st.integers(-3_000, 4_000), min_size=1, max_size=30))
def test_the_days_add_up_to_the_months_charge(signs):
    billed = {f"2031-11-{day:02d}": {SIGN: units} for day, units in enumerate(signs, start=1)}
    days = stated(tenant(), "2031-11", (2031, 12, 1), billed).days
    whole = charge(CATALOG.tiers(Plan.STARTER, SIGN), max(sum(signs), 0))
    assert sum(day.usage_microcents for day in days) == whole


def test_the_first_minutes_of_a_month_expect_what_the_month_before_was_like():
    earlier = {day.isoformat(): {STAMP: 10} for day in month_days(2031, 10)}
    outlook = stated(tenant(), "2031-11", (2031, 11, 1, 0, 5), earlier=earlier).outlook
    assert outlook.method is Method.WEEKDAY
    expected = 30 * 10 * SIGN_MICROCENTS
    assert abs(outlook.month_end_microcents - FEE - expected) <= SIGN_MICROCENTS


def test_the_first_minutes_of_a_month_without_history_expect_nothing_but_the_fee():
    outlook = stated(tenant(), "2031-11", (2031, 11, 1, 0, 5)).outlook
    assert (outlook.method, outlook.month_end_microcents) == (Method.RUN_RATE, FEE)


def test_the_last_minute_of_a_month_expects_what_there_is():
    billed = {day.isoformat(): {STAMP: 2} for day in month_days(2031, 11)}
    statement = stated(tenant(), "2031-11", (2031, 11, 30, 23, 59, 59), billed)
    assert statement.outlook.month_end_microcents == statement.revenue_microcents == FEE + 60 * SIGN_MICROCENTS


def test_an_outlook_within_the_trial_is_the_fee_for_the_rest_of_the_month():
    owner = tenant(trial_ends_at=second(2031, 11, 16))
    assert stated(owner, "2031-11", (2031, 11, 3)).outlook.month_end_microcents == FEE // 2


@pytest.mark.parametrize("status", [TenantStatus.SUSPENDED, TenantStatus.CANCELED])
def test_nothing_more_is_expected_of_a_tenant_that_may_not_use_anything(status):
    earlier = {day.isoformat(): {STAMP: 10} for day in month_days(2031, 10)}
    owner = tenant(status=status, canceled_at=second(2031, 11, 2) if status is TenantStatus.CANCELED else None)
    outlook = stated(owner, "2031-11", (2031, 11, 3), {"2031-11-01": {STAMP: 4}}, earlier).outlook
    assert outlook.month_end_microcents == FEE + 4 * SIGN_MICROCENTS


@pytest.mark.parametrize(
    ("budget_cents", "status"),
    [(None, None), (1_000, BudgetStatus.EXCEEDED), (19_950, BudgetStatus.AT_RISK), (10**6, BudgetStatus.OK)],
)
def test_a_budget_is_watched_against_what_was_spent_and_what_is_expected(budget_cents, status):
    owner = tenant(monthly_budget_cents=budget_cents)
    statement = stated(owner, "2031-11", (2031, 11, 3), {"2031-11-01": {STAMP: 30}})
    assert statement.budget == status


def test_the_budget_of_a_month_that_is_over_is_judged_by_what_was_spent():
    owner = tenant(monthly_budget_cents=19_900)
    assert stated(owner, "2031-10", (2031, 11, 3)).budget is BudgetStatus.OK
    assert stated(owner, "2031-10", (2031, 11, 3), {"2031-10-01": {STAMP: 1}}).budget is BudgetStatus.EXCEEDED
