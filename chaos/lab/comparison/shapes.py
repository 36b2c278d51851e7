"""The shared series: what an SLO's counters went through. A new case is a new entry of `shapes()`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from chaos.lab.comparison.traffic import DAY, MINUTES, REQUESTS, Traffic

_HOUR = 60
_NIGHT = range(0, 6 * _HOUR)
_QUIET = 100
"""A night has this part of the day's traffic."""

Ratio = Callable[[int], float]


def shapes() -> tuple[Traffic, ...]:
    """Every history; each ends now."""
    return (
        *_grid(),
        _made("spikes", "a minute of 30 % errors every two hours for a day", _spikes),
        _made("just-under", "0.09 % errors, always: no alert", lambda _: 0.0009),
        _idle(),
        _absent_errors(),
        _resets(),
        _uneven(),
        _cold_start(),
    )


def fleet() -> Traffic:
    """Many series behind one indicator, as a service of several instances and routes has them."""
    return _made("fleet", "48 series", _outage(2 * DAY, _HOUR, 0.05), series=48)


def _grid() -> Iterator[Traffic]:
    lengths = {1.0: 15, 0.2: _HOUR, 0.05: 3 * _HOUR, 0.01: 12 * _HOUR, 0.004: 36 * _HOUR, 0.0015: 3 * DAY + 12 * _HOUR}
    for ratio, length in lengths.items():
        title = f"{ratio * 100:g} % errors for {length / 60:g} h"
        yield _made(f"errors-{ratio * 100:g}".replace(".", "-"), title, _outage(5 * DAY, length, ratio))


def _outage(before_end: int, length: int, ratio: float) -> Ratio:
    start = MINUTES - before_end
    return lambda minute: ratio if start <= minute < start + length else 0.0


def _spikes(minute: int) -> float:
    start = MINUTES - 4 * DAY
    return 0.3 if start <= minute < start + DAY and minute % (2 * _HOUR) == 0 else 0.0


def _idle() -> Traffic:
    """Two hours without a request each day, and an outage after the last of them."""
    requests = tuple(0 if minute % DAY in range(2 * _HOUR) else REQUESTS for minute in range(MINUTES))
    start = MINUTES - DAY + 4 * _HOUR
    errors = tuple(REQUESTS // 10 if start <= minute < start + 30 else 0 for minute in range(MINUTES))
    return Traffic("zero-traffic", "no request from 0:00 to 2:00; 10 % errors for 30 min", requests, errors)


def _absent_errors() -> Traffic:
    """The first error ever is three days old, and so is the series that counts it."""
    start = MINUTES - 3 * DAY
    made = _made("absent-errors", "no series of errors before the first outage", _outage(3 * DAY, 90, 0.04))
    return Traffic(made.name, made.title, made.requests, made.errors, errors_begin=start)


def _resets() -> Traffic:
    made = _made("resets", "both counters start again every 37 min; 5 % errors for 6 h", _outage(2 * DAY, 360, 0.05))
    resets = frozenset(range(37, MINUTES, 37))
    return Traffic(made.name, made.title, made.requests, made.errors, resets=resets)


def _uneven() -> Traffic:
    """20 % of the nightly requests fail, which are 1/100 of the daily ones."""
    requests = tuple(REQUESTS // _QUIET if minute % DAY in _NIGHT else REQUESTS for minute in range(MINUTES))
    errors = tuple(count // 5 if minute % DAY in _NIGHT else 0 for minute, count in enumerate(requests))
    return Traffic("uneven", "20 % errors in the nights, with 1/100 of the traffic", requests, errors)


def _cold_start() -> Traffic:
    """Two days old; the first hour was a trial with few requests, half of which failed."""
    begins = MINUTES - 2 * DAY
    requests = tuple(
        0 if minute < begins else REQUESTS // _QUIET if minute < begins + _HOUR else REQUESTS
        for minute in range(MINUTES)
    )
    errors = tuple(count // 2 if minute < begins + _HOUR else 0 for minute, count in enumerate(requests))
    title = "two days old; half of the few requests of the first hour failed"
    return Traffic("cold-start", title, requests, errors, begins=begins, errors_begin=begins)


def _made(name: str, title: str, ratio: Ratio, series: int = 1) -> Traffic:
    errors = tuple(round(REQUESTS * ratio(minute)) for minute in range(MINUTES))
    return Traffic(name, title, (REQUESTS,) * MINUTES, errors, series=series)
