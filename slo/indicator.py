"""How an SLO tells bad events from all of them: each kind as two expressions over a window.

Two rules hold everywhere: absent bad events are zero, and no events mean no sample, never NaN.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from slo import reading
from slo.query import Counter, Query, Template, sampled, summed
from slo.selector import Selector
from slo.window import Window, plain

Groups = tuple[str, ...]
SURPLUS = Decimal("1.01")
"""Rates of two counters are extrapolated each by itself; up to this factor one may exceed the other by chance."""
_BAD_IF = {"lte": ">", "lt": ">=", "gte": "<", "gt": "<="}


class Indicator(Protocol):
    """Events a second, or their share of each moment where nothing is counted, summed to `groups`."""

    def failures(self, window: Window, scale: int, groups: Groups) -> str: ...

    def events(self, window: Window, scale: int, groups: Groups) -> str: ...

    def contradiction(self, window: Window, scale: int, groups: Groups) -> str | None:
        """A part that is more than the whole; None where the expressions leave no room for that."""


@dataclass(frozen=True)
class Counted:
    """A share of events: either the bad or the good ones are counted, and all of them."""

    part: Query
    total: Query
    good: bool = False

    def failures(self, window: Window, scale: int, groups: Groups) -> str:
        part = self.part.over(window, scale, groups)
        if self.good:
            events = self.events(window, scale, groups)
            return f"clamp_min(\n  {events}\n  - ({part} or 0 * {events}),\n  0\n)"
        return f"{part}\nor {_none(self, window, scale, groups)}"

    def events(self, window: Window, scale: int, groups: Groups) -> str:
        return self.total.over(window, scale, groups)

    def contradiction(self, window: Window, scale: int, groups: Groups) -> str | None:
        return _above(self.part.over(window, scale, groups), self.events(window, scale, groups))


@dataclass(frozen=True)
class NativeHistogram:
    """Events of a native histogram on the wrong side of a bound."""

    selector: Selector
    op: str
    bound: Decimal

    def failures(self, window: Window, scale: int, groups: Groups) -> str:
        low, high = ("-Inf", plain(self.bound)) if self.op.startswith("g") else (plain(self.bound), "+Inf")
        rate = self._rate(window, scale, groups)
        failed = f"histogram_fraction({low}, {high}, {rate}) * histogram_count({rate})"
        return f"({failed}) >= 0\nor 0 * histogram_count({rate})"

    def events(self, window: Window, scale: int, groups: Groups) -> str:
        return f"histogram_count({self._rate(window, scale, groups)})"

    def contradiction(self, window: Window, scale: int, groups: Groups) -> str | None:  # noqa: ARG002
        return None

    def _rate(self, window: Window, scale: int, groups: Groups) -> str:
        return summed(f"rate({self.selector}[{window.scaled(scale)}])", groups)


@dataclass(frozen=True)
class Threshold:
    """Moments at which a level is on the wrong side of a bound, among all moments that have a level."""

    expression: str
    op: str
    bound: Decimal

    def failures(self, window: Window, scale: int, groups: Groups) -> str:
        bad = f"(({self.expression}) > -Inf) {_BAD_IF[self.op]} bool {plain(self.bound)}"
        return summed(f"avg_over_time(({bad}){sampled(window, scale)})", groups)

    def events(self, window: Window, scale: int, groups: Groups) -> str:
        return summed(f"present_over_time((({self.expression}) > -Inf){sampled(window, scale)})", groups)

    def contradiction(self, window: Window, scale: int, groups: Groups) -> str | None:  # noqa: ARG002
        return None


@dataclass(frozen=True)
class Precomputed:
    """A ratio that somebody else computed: of failures, or of successes. Every moment weighs the same."""

    ratio: Query
    success: bool = False

    def failures(self, window: Window, scale: int, groups: Groups) -> str:
        ratio = summed(self._numbers(window, scale), groups)
        return f"{self.events(window, scale, groups)} - {ratio}" if self.success else ratio

    def events(self, window: Window, scale: int, groups: Groups) -> str:
        """The number of ratios that there are, so that the sum over several series is their mean."""
        return summed(f"(({self._numbers(window, scale)}) >= bool 0)", groups)

    def contradiction(self, window: Window, scale: int, groups: Groups) -> str | None:
        return _above(summed(self._numbers(window, scale), groups), self.events(window, scale, groups))

    def _numbers(self, window: Window, scale: int) -> str:
        return f"({self.ratio.inner(window, scale)}) >= 0"


@dataclass(frozen=True)
class Slices:
    """Moments whose last `length` met its own target or not; where `weighted`, by how far they missed it.

    A slice without events is not counted.
    """

    inner: Indicator
    length: Window
    target: Decimal
    weighted: bool = False

    def failures(self, window: Window, scale: int, groups: Groups) -> str:
        return summed(f"avg_over_time(({self._bad(scale, groups)}){sampled(window, scale)})", groups)

    def events(self, window: Window, scale: int, groups: Groups) -> str:
        ratio = self._ratio(scale, groups)
        return summed(f"present_over_time(({ratio}){sampled(window, scale)})", groups)

    def contradiction(self, window: Window, scale: int, groups: Groups) -> str | None:
        return self.inner.contradiction(window, scale, groups)

    def _bad(self, scale: int, groups: Groups) -> str:
        ratio = self._ratio(scale, groups)
        return ratio if self.weighted else f"{ratio} > bool {plain(1 - self.target)}"

    def _ratio(self, scale: int, groups: Groups) -> str:
        failures = self.inner.failures(self.length, scale, groups)
        return f"(({failures}) / ({self.inner.events(self.length, scale, groups)} > 0))"


def of_events(part: Query, total: Query, *, good: bool) -> Indicator:
    """A share of events; a part that is all without others is known by those others."""
    found = reading.difference(part.probed) if isinstance(part, Template) else None
    if found and Counter(found[0]) == total:
        return Counted(Counter(found[1]), total, good=not good)
    return Counted(part, total, good=good)


def of_ratio(ratio: Query, *, success: bool) -> Indicator:
    """A ratio that exists; one that divides two counters' rates is the share of their events."""
    found = reading.share(ratio.probed) if isinstance(ratio, Template) else None
    if found:
        return Counted(Counter(found.part), Counter(found.total), good=found.rest != success)
    return Precomputed(ratio, success)


def _above(part: str, whole: str) -> str:
    return f"{part}\n> {plain(SURPLUS)} * {whole}"


def _none(indicator: Indicator, window: Window, scale: int, groups: Groups) -> str:
    """Zero failures: one zero suffices where nothing is kept apart, else one for each group that has events."""
    return f"0 * {indicator.events(window, scale, groups)}" if groups else "vector(0)"
