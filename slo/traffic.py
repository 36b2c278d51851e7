"""Made-up events for rule tests, in promtool's notation of series."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

from slo import names, reading
from slo.indicator import Counted, Indicator, NativeHistogram, Precomputed, Slices, Threshold
from slo.model import Slo, plain
from slo.native import Histogram
from slo.phase import REQUESTS_A_STEP, STEP_SECONDS, Phase, Series, steady

__all__ = ["REQUESTS_A_STEP", "STEP_SECONDS", "Phase", "Series", "Traffic", "steady", "traffic"]

from slo.query import Counter, Level, Template
from slo.selector import Selector


class Traffic(Protocol):
    """How the series of an indicator are made up."""

    @property
    def exact(self) -> bool:
        """Whether any error ratio can be made, or only none and all."""

    @property
    def counted(self) -> bool:
        """Whether there are counters, and no events where they stand still."""

    @property
    def lag_seconds(self) -> int:
        """How much later than it happens an error may show, or go on to show."""

    def series(self, phases: Sequence[Phase], prefix: str = "", **labels: str) -> Series:
        """What the phases leave in Prometheus, from the first moment on or behind the values of `prefix`."""

    def events(self, values: str) -> Series:
        """Series of all events with these values, and none of errors."""

    def part(self, values: str) -> Series:
        """A series of what may not be more than all events; none where it is counted among them anyway."""


@dataclass(frozen=True)
class Counters:
    """A counter of all events, and one of the bad or of the good ones."""

    total: Selector
    chosen: Selector
    good: bool
    groups: tuple[str, ...]
    exact: bool = True
    counted: bool = True
    lag_seconds: int = 0

    def series(self, phases: Sequence[Phase], prefix: str = "", **labels: str) -> Series:
        """Where `total` counts both, the chosen ones are taken off it."""
        shared = self._shared
        chosen = [(phase, self._chosen(phase)) for phase in phases]
        events = [(phase, Decimal(REQUESTS_A_STEP) - (part if shared else 0)) for phase, part in chosen]
        return [
            _series(self.total, self._labels(self._others, labels), prefix + _counter(events)),
            _series(self.chosen, self._labels(self.chosen.example(), labels), prefix + _counter(chosen)),
        ]

    def events(self, values: str) -> Series:
        """The good ones are all of them, where it is they that are chosen."""
        total = _series(self.total, self._labels(self._others, {}), values)
        if not self.good:
            return [total]
        good = _series(self.chosen, self._labels(self.chosen.example(), {}), values)
        return [good] if self._shared else [total, good]

    def part(self, values: str) -> Series:
        return [] if self._shared else [_series(self.chosen, self._labels(self.chosen.example(), {}), values)]

    @property
    def _shared(self) -> bool:
        """Whether the counter of all events counts the chosen ones in series of its own."""
        return self.total.matches(self.chosen.metric, self.chosen.example())

    def _chosen(self, phase: Phase) -> Decimal:
        share = 1 - phase.error_ratio if self.good else phase.error_ratio
        return REQUESTS_A_STEP * share

    @property
    def _others(self) -> dict[str, str]:
        """Labels of what is counted among all and not chosen."""
        return self.total.example_outside(self.chosen) if self._shared else self.total.example()

    def _labels(self, example: dict[str, str], more: dict[str, str]) -> dict[str, str]:
        return {**dict.fromkeys(self.groups, "a"), **more, **example}


@dataclass(frozen=True)
class Gauge:
    """A level that is good or bad, or a ratio that is what it is."""

    selector: Selector
    good: Decimal
    bad: Decimal
    groups: tuple[str, ...]
    exact: bool = True
    counted: bool = False
    lag_seconds: int = STEP_SECONDS

    def series(self, phases: Sequence[Phase], prefix: str = "", **labels: str) -> Series:
        values = [f"{plain(self._value(phases[0]))}", *(f"{plain(self._value(one))}x{one.steps - 1}" for one in phases)]
        return [_series(self.selector, self._labels(labels), prefix + " ".join(values))]

    def events(self, values: str) -> Series:
        """Gauges do not count: what matters of the values is where there are none."""
        return [_series(self.selector, self._labels({}), _levels(values, plain(self.good)))]

    def part(self, values: str) -> Series:  # noqa: ARG002
        return []

    def _value(self, phase: Phase) -> Decimal:
        return self.good + (self.bad - self.good) * phase.error_ratio

    def _labels(self, more: dict[str, str]) -> dict[str, str]:
        return {**dict.fromkeys(self.groups, "a"), **more, **self.selector.example()}


def traffic(slo: Slo) -> Traffic | None:
    """How to make up the events of an SLO; None where its queries are too free for that."""
    try:
        found = _of(slo.indicator, slo.groups)
        if found is not None:
            found.series([Phase(STEP_SECONDS, Decimal(0))])
    except ValueError:
        return None
    return found


def _of(indicator: Indicator, groups: tuple[str, ...]) -> Traffic | None:
    if isinstance(indicator, Slices):
        inner = _of(indicator.inner, groups)
        if not isinstance(inner, Counters | Gauge | Histogram):
            return None
        return replace(inner, exact=False, lag_seconds=inner.lag_seconds + indicator.length.seconds)
    if isinstance(indicator, Counted) and isinstance(indicator.part, Counter) and isinstance(indicator.total, Counter):
        return Counters(indicator.total.selector, indicator.part.selector, indicator.good, groups)
    if isinstance(indicator, NativeHistogram):
        return Histogram(indicator.selector, indicator.bound, groups, below=indicator.op.startswith("l"))
    if isinstance(indicator, Threshold):
        return _of_level(indicator, groups)
    return _of_ratio(indicator, groups) if isinstance(indicator, Precomputed) else None


def _of_level(indicator: Threshold, groups: tuple[str, ...]) -> Traffic | None:
    """A gauge by itself or, where nothing is kept apart, the extreme of all its series."""
    level = reading.extreme(indicator.expression)
    if level is None or (groups and not Selector.matches_text(indicator.expression)):
        return None
    good, bad = _levels_around(indicator)
    return Gauge(level, good, bad, groups, exact=False)


def _of_ratio(indicator: Precomputed, groups: tuple[str, ...]) -> Traffic | None:
    ratio = indicator.ratio
    if isinstance(ratio, Level) and Selector.matches_text(ratio.expression):
        return _ratio(Selector.parse(ratio.expression), groups, success=indicator.success)
    mean = reading.mean(ratio.probed) if isinstance(ratio, Template) and not groups else None
    return _ratio(mean.level, groups, success=indicator.success != mean.rest) if mean else None


def _ratio(selector: Selector, groups: tuple[str, ...], *, success: bool) -> Gauge:
    good, bad = (Decimal(1), Decimal(0)) if success else (Decimal(0), Decimal(1))
    return Gauge(selector, good, bad, groups)


def _levels_around(threshold: Threshold) -> tuple[Decimal, Decimal]:
    below, above = threshold.bound - 1, threshold.bound + 1
    return (below, above) if threshold.op.startswith("l") else (above, below)


def _series(selector: Selector, labels: dict[str, str], values: str) -> dict[str, str]:
    return {"series": f"{selector.metric}{names.braces(labels)}", "values": values}


def _levels(values: str, level: str) -> str:
    """The same moments with a constant in place of a counter."""
    return " ".join(
        part if part in ("_", "stale") else f"{level}{part[part.rindex('x') :]}" if "x" in part else level
        for part in values.split()
    )


def _counter(segments: Iterable[tuple[Phase, Decimal]]) -> str:
    return " ".join(_runs(segments))


def _runs(segments: Iterable[tuple[Phase, Decimal]]) -> Iterator[str]:
    """Each segment as start+increase x further samples; the sample at 0 s comes before the first."""
    yield "0"
    value = Decimal(0)
    for phase, increase in segments:
        value = Decimal(0) if phase.resets else value
        yield f"{plain(value + increase)}+{plain(increase)}x{phase.steps - 1}"
        value += increase * phase.steps
