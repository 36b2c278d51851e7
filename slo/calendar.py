"""Periods that begin with a date: months, quarters, years, and whole weeks or days."""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DURATION = re.compile(r"([1-9][0-9]{0,2})([dwMQY])")
_MONTHS = {"M": 1, "Q": 3, "Y": 12}
_NOMINAL_DAYS = {"d": 1, "w": 7, "M": 30, "Q": 90, "Y": 365}
_TABLE_YEARS = 10
"""So far after its start does an expression know where the months of a time zone begin."""


@dataclass(frozen=True)
class Calendar:
    """A period such as "1M" that begins anew at `start` and at the same local time each period after it."""

    text: str
    start: datetime
    zone: str

    @property
    def nominal_seconds(self) -> int:
        """The length for which burn rates are derived: a month has 30 days, a quarter 90, a year 365."""
        return self._days(_NOMINAL_DAYS) * 86_400

    @property
    def name(self) -> str:
        """The window label of what came since the start: never that of a rolling window of as many days."""
        return self.text if self.text[-1] in _MONTHS else f"calendar-{self.text}"

    def starts(self) -> list[int]:
        """When the periods of the next ten years begin, in unix seconds; one start where all are equally long."""
        unit = self.text[-1]
        first = self.start.replace(tzinfo=ZoneInfo(self.zone))
        if unit not in _MONTHS:
            return [int(first.timestamp())]
        step = int(self.text[:-1]) * _MONTHS[unit]
        months = range(0, _TABLE_YEARS * 12 + step, step)
        return [int(_later(first, count).timestamp()) for count in months]

    def outlived(self, now: datetime) -> bool:
        """Whether within a year from `now` the last of the starts is no longer that of the current period."""
        *_, last = self.starts()
        within = last + self.nominal_seconds - _NOMINAL_DAYS["Y"] * 86_400
        return self.text[-1] in _MONTHS and now.timestamp() >= within

    def _days(self, lengths: dict[str, int]) -> int:
        return int(self.text[:-1]) * lengths[self.text[-1]]


def duration(text: str) -> str:
    """A calendar duration; a ValueError for another."""
    if not _DURATION.fullmatch(text):
        raise ValueError(f"expected a calendar duration such as 1M, 1Q, 1Y or 1w, got {text!r}")
    return text


def start_time(text: str) -> datetime:
    """A date and time without zone; a ValueError for another, and for a day that not every month has."""
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        start = None
    if start is None or start.tzinfo is not None:
        raise ValueError(f"expected a date and time such as 2026-01-01 00:00:00, without zone, got {text!r}")
    if start.day > 28:
        raise ValueError(f"expected a day that every month has (1 to 28), got {text!r}")
    return start


def time_zone(text: str) -> str:
    """The name of a zone in the IANA database; a ValueError for another."""
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"expected an IANA time zone such as Europe/Berlin or UTC, got {text!r}") from error
    return text


def calendar(text: str, start: str, zone: str) -> Calendar:
    """A ValueError where days or weeks are asked for in a zone whose days are not equally long."""
    found = Calendar(duration(text), start_time(start), time_zone(zone))
    if text[-1] in "dw" and ZoneInfo(zone).utcoffset(datetime(2026, 1, 1)) != ZoneInfo(zone).utcoffset(
        datetime(2026, 7, 1)
    ):
        raise ValueError(f"expected months, quarters or years, or a zone without summer time, got {text} in {zone}")
    return found


def _later(first: datetime, months: int) -> datetime:
    years, month = divmod(first.month - 1 + months, 12)
    return first.replace(year=first.year + years, month=month + 1)
