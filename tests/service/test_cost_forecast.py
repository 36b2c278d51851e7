from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.forecast import BudgetStatus, Forecast, Method, budget_status, forecast, forecast_units
from service.domain.usage import EventType

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
WEEKEND = (5, 6)


def series(first, last, amount):
    days = (last - first).days + 1
    return {first + timedelta(days=index): amount(first + timedelta(days=index)) for index in range(days)}


def office_hours(day):
    return 0 if day.weekday() in WEEKEND else 100


def test_weekdays_are_told_apart():
    """From Monday noon, 23 November: half a Monday, five workdays to the 30th, no weekend."""
    daily = series(date(2026, 11, 1), date(2026, 11, 22), office_hours) | {date(2026, 11, 23): 50}
    assert forecast(daily, NOON) == Forecast(Method.WEEKDAY, 1_550, 1_550 + 50 + 500)


def test_history_of_the_month_before_serves_on_the_first_day():
    daily = series(date(2026, 10, 1), date(2026, 10, 31), office_hours)
    first = datetime(2026, 11, 1, tzinfo=UTC)
    assert forecast(daily, first) == Forecast(Method.WEEKDAY, 0, 2_100)


def test_thirteen_days_of_history_are_too_few():
    daily = series(date(2026, 11, 10), date(2026, 11, 22), office_hours)
    assert forecast(daily, NOON).method is Method.RUN_RATE
    daily[date(2026, 11, 9)] = 0
    assert forecast(daily, NOON).method is Method.WEEKDAY


def test_only_the_last_four_weeks_count():
    daily = series(date(2026, 9, 1), date(2026, 10, 25), lambda _: 10**6) | series(
        date(2026, 10, 26), date(2026, 11, 22), lambda _: 10
    )
    assert forecast(daily, NOON).month_end == 220 + 5 + 70


def test_the_run_rate_goes_on_from_the_first_day():
    """2 days of 100 and half a day of 50 make 100 a day; 12 and a half days are left on the 18th at noon."""
    daily = {date(2026, 11, 16): 100, date(2026, 11, 17): 100, date(2026, 11, 18): 50}
    assert forecast(daily, datetime(2026, 11, 18, 12, tzinfo=UTC)) == Forecast(Method.RUN_RATE, 250, 1_500)


def test_a_first_busy_hour_is_taken_for_a_day():
    daily = {date(2026, 11, 1): 240}
    assert forecast(daily, datetime(2026, 11, 1, 1, tzinfo=UTC)).month_end == 240 + 240 * 29 + 230


def test_nothing_yet_is_nothing_to_come():
    assert forecast({}, NOON) == Forecast(Method.RUN_RATE, 0, 0)


def test_days_are_utc():
    eastern = datetime(2026, 11, 30, 20, tzinfo=timezone(timedelta(hours=-5)))
    assert forecast({date(2026, 11, 30): 7}, eastern).to_date == 0


amounts = st.lists(st.integers(0, 1_000), min_size=1, max_size=40)


@given(amounts, st.integers(0, 23), st.data())
def test_more_usage_never_lowers_the_forecast(values, hour, data):
    now = NOON.replace(hour=hour)
    daily = {now.date() - timedelta(days=index): value for index, value in enumerate(values)}
    day = data.draw(st.sampled_from(sorted(daily)))
    more = daily | {day: daily[day] + data.draw(st.integers(0, 500))}
    assert forecast(more, now).month_end >= forecast(daily, now).month_end >= forecast(daily, now).to_date


@given(st.integers(0, 1_000), st.integers(1, 40), st.integers(0, 23))
def test_an_even_flow_is_forecast_as_itself(amount, days, hour):
    now = NOON.replace(hour=hour)
    daily = {now.date() - timedelta(days=index): amount * 24 for index in range(1, days + 1)} | {
        now.date(): amount * hour
    }
    in_month = sum(1 for day in daily if day.month == now.month and day != now.date())
    expected = amount * 24 * (in_month + 8)
    assert forecast(daily, now).month_end == expected


@given(amounts)
def test_on_the_last_second_the_forecast_is_the_month(values):
    now = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
    daily = {now.date() - timedelta(days=index): value for index, value in enumerate(values)}
    result = forecast(daily, now)
    assert result.month_end == pytest.approx(result.to_date, abs=1)


def test_units_are_forecast_by_event_type():
    daily = {EventType.SIGN_EVENTS: {date(2026, 11, 22): 10, date(2026, 11, 23): 5}}
    assert forecast_units(daily, NOON) == {EventType.SIGN_EVENTS: 15 + 75}


@pytest.mark.parametrize(
    ("to_date", "month_end", "status"),
    [
        (10_000_000, 10_000_000, BudgetStatus.OK),
        (10_000_000, 10_000_001, BudgetStatus.AT_RISK),
        (10_000_001, 10_000_001, BudgetStatus.EXCEEDED),
        (0, 0, BudgetStatus.OK),
    ],
)
def test_budget_status(to_date, month_end, status):
    assert budget_status(to_date, month_end, monthly_budget_cents=10) is status


@given(*[st.integers(0, 30) for _ in range(3)], st.integers(0, 10))
def test_the_status_only_gets_worse_with_usage_and_better_with_budget(to_date, coming, budget, step):
    order = list(BudgetStatus)

    def rank(spent, ahead, cents):
        return order.index(budget_status(spent * 1_000_000, (spent + ahead) * 1_000_000, cents))

    assert rank(to_date, coming, budget) <= rank(to_date + step, coming, budget)
    assert rank(to_date, coming, budget) <= rank(to_date, coming + step, budget)
    assert rank(to_date, coming, budget) >= rank(to_date, coming, budget + step)
