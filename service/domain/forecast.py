"""Where a month will end: daily amounts so far, carried on to the month's last day.

Amounts are integers of any unit that adds up over days (events, micro-cents of cost). Charges do not, as they follow
tiers: forecast the units, then price them (`forecast_units`).
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from service.domain.money import MICROCENTS_PER_CENT
from service.domain.usage import EventType

WEEKDAY_HISTORY_DAYS = 14
"""Whole days needed before weekdays are told apart: two of each."""
_LONGEST_HISTORY_DAYS = 28
_DAYS_A_WEEK = 7
_DAY_SECONDS = 86_400


class Method(StrEnum):
    RUN_RATE = "run_rate"
    WEEKDAY = "weekday"


class BudgetStatus(StrEnum):
    OK = "ok"
    AT_RISK = "at_risk"
    EXCEEDED = "exceeded"


@dataclass(frozen=True, slots=True)
class Forecast:
    """`month_end` is `to_date` and what is expected of the rest of the month."""

    method: Method
    to_date: int
    month_end: int


def forecast(daily: Mapping[date, int], now: datetime) -> Forecast:
    """Forecast the month of `now` from amounts by UTC day; days before that month serve as history.

    With 14 whole days of history or more, each coming day is expected to be the mean of its weekday over the last
    two, three or four whole weeks, and today the fraction of it that is left. With less, the month goes on at its rate
    since the first known day in it, measured over one day at least, so that a first busy hour is not taken for a month
    of them. A day that is missing between the first and today counts as 0.
    """
    instant = now.astimezone(UTC)
    today = instant.date()
    to_date = sum(amount for day, amount in daily.items() if _same_month(day, today) and day <= today)
    weeks = _history_days(daily, today) // _DAYS_A_WEEK
    if weeks * _DAYS_A_WEEK < WEEKDAY_HISTORY_DAYS:
        return Forecast(Method.RUN_RATE, to_date, to_date + round(_at_run_rate(daily, to_date, instant)))
    return Forecast(Method.WEEKDAY, to_date, to_date + round(_by_weekday(daily, instant, weeks)))


def forecast_units(daily: Mapping[EventType, Mapping[date, int]], now: datetime) -> dict[EventType, int]:
    """Units of each event type at the month's end, to be priced as a bill."""
    return {event_type: forecast(days, now).month_end for event_type, days in daily.items()}


def budget_status(to_date_microcents: int, month_end_microcents: int, monthly_budget_cents: int) -> BudgetStatus:
    """Exceeded once more than the budget is spent, at risk once more is expected to be."""
    budget = monthly_budget_cents * MICROCENTS_PER_CENT
    if to_date_microcents > budget:
        return BudgetStatus.EXCEEDED
    return BudgetStatus.AT_RISK if month_end_microcents > budget else BudgetStatus.OK


def _history_days(daily: Mapping[date, int], today: date) -> int:
    """Whole days from the first known one to yesterday, as many as are looked back at."""
    first = min(daily, default=today)
    return min(max((today - first).days, 0), _LONGEST_HISTORY_DAYS)


def _at_run_rate(daily: Mapping[date, int], to_date: int, instant: datetime) -> Fraction:
    first = max(min(daily, default=instant.date()), instant.date().replace(day=1))
    elapsed = max((instant.date() - first).days, 0) + _elapsed_of_day(instant)
    left = _days_in_month(instant) - instant.day + 1 - _elapsed_of_day(instant)
    return to_date / max(elapsed, Fraction(1)) * left


def _by_weekday(daily: Mapping[date, int], instant: datetime, weeks: int) -> Fraction:
    today = instant.date()
    means = {
        (today - timedelta(days=back)).weekday(): Fraction(
            sum(daily.get(today - timedelta(days=back + _DAYS_A_WEEK * week), 0) for week in range(weeks)), weeks
        )
        for back in range(1, _DAYS_A_WEEK + 1)
    }
    coming = (today.replace(day=day) for day in range(today.day + 1, _days_in_month(instant) + 1))
    left_of_today = means[today.weekday()] * (1 - _elapsed_of_day(instant))
    return left_of_today + sum((means[day.weekday()] for day in coming), Fraction(0))


def _elapsed_of_day(instant: datetime) -> Fraction:
    return Fraction(instant.hour * 3600 + instant.minute * 60 + instant.second, _DAY_SECONDS)


def _days_in_month(instant: datetime) -> int:
    return monthrange(instant.year, instant.month)[1]


def _same_month(day: date, today: date) -> bool:
    return (day.year, day.month) == (today.year, today.month)
