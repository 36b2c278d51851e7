"""Where the lines of a chart's grid lie."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
_SIXTIES = (86400.0, 3600.0, 60.0)
_BINARY = (2.0**40, 2.0**30, 2.0**20, 2.0**10)
_NICE_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)


@dataclass(frozen=True)
class Scale:
    """Maps values from `low` to `high` onto pixels from `first` to `last`."""

    low: float
    high: float
    first: float
    last: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.first + share * (self.last - self.first), 1)


def bounds(
    values: Iterable[float], soft_low: float | None = None, soft_high: float | None = None
) -> tuple[float, float]:
    """The range of an axis: all values, and the soft limits where the values stay within them; never empty."""
    known = [value for value in (*values, soft_low, soft_high) if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if low == high:
        low, high = (min(low, 0.0), max(high, 0.0)) if high else (0.0, 1.0)
    return low, high + 0.05 * (high - low)


def ticks(low: float, high: float, unit: str = "", at_most: int = 5) -> list[float]:
    """Round values within a range, round to a person who reads them in the unit."""
    rough = (high - low) / at_most
    base = _base(max(abs(low), abs(high)), unit)
    magnitude = base * 10.0 ** math.floor(math.log10(rough / base))
    step = next(nice for nice in _NICE if nice * magnitude >= rough) * magnitude
    return [index * step for index in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _base(size: float, unit: str) -> float:
    """What a unit counts in at this size: minutes, hours and days, or powers of 1024."""
    bases = {"s": _SIXTIES, "bytes": _BINARY}.get(unit, ())
    return next((base for base in bases if size >= base), 1.0)


def time_ticks(start: float, end: float, at_most: int) -> list[tuple[float, str]]:
    """Round moments of a span, with how they are written."""
    rough = (end - start) / at_most
    step = next((nice for nice in _NICE_SECONDS if nice >= rough), _NICE_SECONDS[-1] * math.ceil(rough / 86400))
    form = "%H:%M:%S" if step < 60 else "%H:%M" if step < 86400 else "%m-%d"
    moments = range(math.ceil(start / step) * step, math.floor(end) + 1, step)
    return [(float(at), datetime.fromtimestamp(at, UTC).strftime(form)) for at in moments]
