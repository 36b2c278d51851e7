"""Made-up traffic, minute by minute, and what plain arithmetic says of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

DAY = 24 * 60
MINUTES = 33 * DAY
"""How long every history is: a period of 30 days, and the days whose alerts are compared."""
REQUESTS = 6_000
"""A minute, where a shape says nothing else: every error ratio below is a whole number of them."""


@dataclass(frozen=True)
class Traffic:
    """Requests and errors of each minute of a history.

    The counters are there from minute `begins` on, that of errors from `errors_begin` on; they start again from 0 at
    the minutes of `resets`. From `gone` on, a stretch of minutes, there is no counter at all.
    """

    name: str
    title: str
    requests: tuple[int, ...]
    errors: tuple[int, ...]
    begins: int = 0
    errors_begin: int = 0
    resets: frozenset[int] = frozenset()
    series: int = 1
    """How many series the requests are spread over."""

    def error_ratio(self, minute: int, window_minutes: int) -> float | None:
        """The share of bad requests in the window that ends with this minute; None where there was no request."""
        end = minute + 1
        start = max(end - window_minutes, 0)
        requests = self._requests_before[end] - self._requests_before[start]
        errors = self._errors_before[end] - self._errors_before[start]
        return errors / requests if requests else None

    @cached_property
    def _requests_before(self) -> list[int]:
        return list(accumulate(self.requests, initial=0))

    @cached_property
    def _errors_before(self) -> list[int]:
        return list(accumulate(self.errors, initial=0))


def counter(increases: Iterable[int], resets: frozenset[int]) -> list[int]:
    """A counter's value at the end of each minute."""
    values, value = [], 0
    for minute, increase in enumerate(increases):
        value = increase if minute in resets else value + increase
        values.append(value)
    return values
