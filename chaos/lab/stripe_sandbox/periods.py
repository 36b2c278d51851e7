"""Billing periods on the calendar, in UTC."""

import calendar
from datetime import UTC, datetime, timedelta

APPROXIMATE_SECONDS = {"day": 86_400, "week": 604_800, "month": 2_629_746, "year": 31_556_952}


def first_boundary_after(anchor: int, moment: int, interval: str, count: int) -> int:
    """The first moment after `moment` that lies a whole number of intervals before or after `anchor`."""
    return _boundary(anchor, _steps(anchor, moment, interval, count) + 1, interval, count)


def last_boundary_by(anchor: int, moment: int, interval: str, count: int) -> int:
    """The last such moment that is not after `moment`."""
    return _boundary(anchor, _steps(anchor, moment, interval, count), interval, count)


def next_day_of_month(after: int, day: int, hour: int, minute: int, second: int) -> int:
    """The first moment from `after` on with that day of the month (or its last) and time of day."""
    start = datetime.fromtimestamp(after, UTC).replace(day=1, hour=hour, minute=minute, second=second)
    for months in (0, 1):
        month = _months_later(start, months)
        moment = month.replace(day=min(day, calendar.monthrange(month.year, month.month)[1]))
        if moment.timestamp() >= after:
            break
    return int(moment.timestamp())


def _steps(anchor: int, moment: int, interval: str, count: int) -> int:
    steps = (moment - anchor) // (APPROXIMATE_SECONDS[interval] * count)
    while _boundary(anchor, steps, interval, count) > moment:
        steps -= 1
    while _boundary(anchor, steps + 1, interval, count) <= moment:
        steps += 1
    return steps


def _boundary(anchor: int, steps: int, interval: str, count: int) -> int:
    return period_end(anchor, interval, steps * count)


def period_end(start: int, interval: str, count: int) -> int:
    """The end of a period of `count` days, weeks, months or years that starts at `start` (unix seconds)."""
    moment = datetime.fromtimestamp(start, UTC)
    match interval:
        case "day":
            end = moment + timedelta(days=count)
        case "week":
            end = moment + timedelta(weeks=count)
        case "month":
            end = _months_later(moment, count)
        case "year":
            end = _months_later(moment, 12 * count)
        case _:
            raise ValueError(f"interval: {interval!r}; expected day, week, month or year")
    return int(end.timestamp())


def _months_later(moment: datetime, months: int) -> datetime:
    """The same day of a later month, or that month's last day."""
    years, month_index = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + years, month_index + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day)
