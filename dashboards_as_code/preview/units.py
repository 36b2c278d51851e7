"""Numbers as a person reads them, by Grafana's unit identifiers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

_SHORT = ((1e12, " T"), (1e9, " B"), (1e6, " M"), (1e3, " K"), (1.0, ""))
_BINARY = ((2.0**40, " TiB"), (2.0**30, " GiB"), (2.0**20, " MiB"), (2.0**10, " KiB"), (1.0, " B"))
_SECONDS = (
    *((86400.0, " d"), (3600.0, " h"), (60.0, " min"), (1.0, " s")),
    *((1e-3, " ms"), (1e-6, " µs")),
)
_SUFFIXES = {"reqps": " req/s", "ops": " ops/s", "cps": " c/s", "Bps": " B/s", "eps": " ev/s"}


def formatted(value: float, unit: str) -> str:
    """The value with its unit, to about three significant digits."""
    return _FORMATS.get(unit, _plain_of(unit))(value)


def _plain_of(unit: str) -> Callable[[float], str]:
    suffix = _SUFFIXES.get(unit, "" if unit in {"none", "short", ""} else f" {unit}")
    return lambda value: _scaled(value, _SHORT) + suffix


def _ratio(value: float) -> str:
    return f"{_digits(value * 100)} %"


def _dollars(value: float) -> str:
    return f"{'-' if value < 0 else ''}${_scaled(abs(value), _SHORT)}"


def _scaled(value: float, steps: Sequence[tuple[float, str]]) -> str:
    size = abs(value)
    divisor, suffix = next((step for step in steps if size >= step[0]), steps[-1])
    if not size:
        divisor, suffix = next(step for step in steps if step[0] == 1.0)
    return f"{_digits(value / divisor)}{suffix}"


def _digits(value: float) -> str:
    """Three significant digits without needless zeros; the whole number where that has more."""
    if not value:
        return "0"
    places = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:.{min(places, 6)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


_FORMATS: dict[str, Callable[[float], str]] = {
    "s": lambda value: _scaled(value, _SECONDS),
    "ms": lambda value: _scaled(value / 1000, _SECONDS),
    "percentunit": _ratio,
    "percent": lambda value: f"{_digits(value)} %",
    "currencyUSD": _dollars,
    "bytes": lambda value: _scaled(value, _BINARY),
}
