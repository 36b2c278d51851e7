"""The stretch of time that a report is about: a month or a quarter, in UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_QUARTER = re.compile(r"(\d{4})-?Q([1-4])")


@dataclass(frozen=True)
class ReportPeriod:
    """From `start` to `end`, in unix seconds; `measured_end` is earlier while the period still lasts."""

    name: str
    start: float
    end: float
    measured_end: float

    @property
    def over(self) -> bool:
        return self.measured_end >= self.end

    @property
    def file_name(self) -> str:
        return re.sub(r"[^\w.-]+", "_", self.name)


def named(text: str, now: float) -> ReportPeriod:
    """The month `2026-10` or the quarter `2026-Q4`; a ValueError for all else, and for one that is yet to come."""
    if found := _MONTH.fullmatch(text):
        first, months = int(found[1]) * 12 + int(found[2]) - 1, 1
    elif found := _QUARTER.fullmatch(text):
        first, months = int(found[1]) * 12 + (int(found[2]) - 1) * 3, 3
    else:
        raise ValueError(f"expected a month such as 2026-10 or a quarter such as 2026-Q4, got {text!r}")
    return between(text, _month(first), _month(first + months), now)


def between(name: str, start: float, end: float, now: float) -> ReportPeriod:
    """Any stretch of time that has begun."""
    if not start < min(end, now):
        raise ValueError(f"{name}: expected a period that has begun and ends after its start")
    return ReportPeriod(name, start, end, min(end, now))


def current(now: float) -> ReportPeriod:
    """The month that lasts at this moment."""
    return named(f"{datetime.fromtimestamp(now, UTC):%Y-%m}", now)


def _month(count: int) -> float:
    return datetime(count // 12, count % 12 + 1, 1, tzinfo=UTC).timestamp()
