"""The error ratio of each window at each step of the past, as the rules would have computed it.

Windows up to 1h are asked of Prometheus. Longer ones sum recorded 5m rates; a proposed SLO has no recordings yet, so
the 5m rates are read once and summed here. Both windows of a pair and all policies share what was read.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from slo import measured, promql
from slo.model import Slo, Window
from slo.prometheus import Prometheus, Span

Said = Callable[[str], None]
Curve = dict[float, float]


@dataclass(frozen=True)
class Past:
    """Which history to read: whole steps, and how much faster time ran in it."""

    prometheus: Prometheus
    span: Span
    scale: int
    # Prometheus 3 leaves a sample at the very start of a window out; 2 counts it.
    closed_windows: bool

    @property
    def moments(self) -> list[float]:
        return [round(self.span.start + index * self.span.step, 3) for index in range(self.steps)]

    @property
    def steps(self) -> int:
        return int((self.span.end - self.span.start) / self.span.step + 1e-6) + 1


def past(prometheus: Prometheus, start: float, end: float, step: float, scale: int) -> Past:
    """The history from `start` to `end`, on steps that are counted from the epoch as recordings of 5m are."""
    first = -(-start // step) * step
    return Past(prometheus, Span(first, end // step * step, step), scale, prometheus.version() < 3)


@dataclass(frozen=True)
class Held:
    """What a window held at a step: events, failures, and how many samples of each were above 0.

    The latter are counted because differences of float sums leave dust where 0 is meant.
    """

    failures: float
    events: float
    failing: int
    moving: int

    @classmethod
    def of(cls, failures: float, events: float) -> "Held":
        return cls(failures, events, int(failures > 0), int(events > 0))

    def plus(self, other: "Held") -> "Held":
        return Held(
            self.failures + other.failures,
            self.events + other.events,
            self.failing + other.failing,
            self.moving + other.moving,
        )

    def minus(self, other: "Held") -> "Held":
        return Held(
            self.failures - other.failures,
            self.events - other.events,
            self.failing - other.failing,
            self.moving - other.moving,
        )

    @property
    def ratio(self) -> float | None:
        """The error ratio; None where nothing was counted."""
        if not self.moving:
            return None
        return self.failures / self.events if self.failing else 0.0


_NOTHING = Held(0.0, 0.0, 0, 0)


class Ratios:
    """What each window of one SLO held, by group and step."""

    def __init__(self, slo: Slo, read: Past, longest: Window, said: Said) -> None:
        self._slo, self._past, self._longest, self._said = slo, read, longest, said
        self._known: dict[int, dict[str, list[Held]]] = {}
        self._rates: dict[str, tuple[Curve, Curve]] | None = None

    def of(self, window: Window) -> dict[str, list[Held]]:
        """By group, what the window held at each step of the past."""
        if window.seconds not in self._known:
            find = self._summed if promql.reads_recordings(window) else self._asked
            self._known[window.seconds] = find(window)
        return self._known[window.seconds]

    def _asked(self, window: Window) -> dict[str, list[Held]]:
        rates = self._read(window, self._past.span)
        seconds, moments = window.seconds / self._past.scale, self._past.moments
        return {
            group: [Held.of(bad.get(at, 0.0) * seconds, total.get(at, 0.0) * seconds) for at in moments]
            for group, (bad, total) in rates.items()
        }

    def _summed(self, window: Window) -> dict[str, list[Held]]:
        if self._rates is None:
            span = self._past.span
            before = -(-self._longest.seconds / self._past.scale // span.step) * span.step
            self._rates = self._read(promql.RECORDING_WINDOW, Span(span.start - before, span.end, span.step))
        return {group: [*self._windows(window, *rates)] for group, rates in self._rates.items()}

    def _windows(self, window: Window, bad: Curve, total: Curve) -> Iterator[Held]:
        """Sums of what was recorded within the window before each step."""
        length, step = window.seconds / self._past.scale, self._recorded_every(window)
        moments = [at for at in sorted(total) if _on(at, step)]
        sums = [
            _NOTHING,
            *accumulate((Held.of(bad.get(at, 0.0) * step, total[at] * step) for at in moments), Held.plus),
        ]
        find = bisect_left if self._past.closed_windows else bisect_right
        for at in self._past.moments:
            yield sums[bisect_right(moments, at)].minus(sums[find(moments, at - length)])

    def _recorded_every(self, window: Window) -> float:
        """Seconds between the recordings that a window of this length reads: each step, or 5m for the longest."""
        sparse = promql.RECORDING_WINDOW.seconds / self._past.scale
        step = self._past.span.step
        return sparse if window.seconds > promql.LONGEST_FINE_WINDOW.seconds and sparse >= step else step

    def _read(self, window: Window, span: Span) -> dict[str, tuple[Curve, Curve]]:
        slo, scale = self._slo, self._past.scale
        found: list[dict[str, Curve]] = []
        for name, expression in (("errors", promql.errors), ("requests", promql.requests)):
            curves = self._past.prometheus.curves(
                expression(slo, window, scale),
                span,
                lambda done, of, name=name: self._said(f"{slo.name}: {name} by {window}, {done} of {of}"),  # type: ignore[misc]
            )
            found.append({measured.group(curve.labels): _by_moment(curve.points, span) for curve in curves})
        errors, requests = found
        return {group: (errors.get(group, {}), total) for group, total in requests.items()}


def _by_moment(points: tuple[tuple[float, float], ...], span: Span) -> Curve:
    """Values by the exact moment of a step, as Prometheus rounds to milliseconds."""
    return {round(span.start + round((at - span.start) / span.step) * span.step, 3): value for at, value in points}


def _on(at: float, step: float) -> bool:
    return abs(at - round(at / step) * step) < 1e-3
