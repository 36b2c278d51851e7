"""Billing periods on the calendar, in UTC."""

import calendar
from datetime import UTC, datetime, timedelta


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
