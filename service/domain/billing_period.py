"""In which month usage is billed: its own, or the current one where its own is closed already."""

from datetime import datetime, timedelta

CLOSING_GRACE = timedelta(minutes=15)
"""How long after its end a month still takes usage."""


def month_start(instant: datetime) -> datetime:
    return instant.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def is_closed(month: datetime, now: datetime) -> bool:
    """Whether the month that `month` lies in takes no more usage."""
    return month_start(month) < month_start(now - CLOSING_GRACE)


def billing_instant(timestamp: datetime, now: datetime) -> datetime:
    """When usage of `timestamp` counts for the bill if it is taken `now`; both in UTC."""
    return month_start(now) if is_closed(timestamp, now) else timestamp
