"""Whether the windows of an SLO are full: a rule that reads an empty window fires too early and proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chaos.errors import InvalidRun
from chaos.lab.scaling import seconds
from chaos.observations import PrometheusReader
from slo import names, promql, rules
from slo.model import Pair, Slo, Window

LOWEST_COVERAGE = 0.9
HIGHEST_COVERAGE = 1.25


@dataclass(frozen=True)
class Warmth:
    """How full one window is: 1 where it holds what its length at the present request rate would hold."""

    window: str
    coverage_ratio: float

    @property
    def is_warm(self) -> bool:
        return LOWEST_COVERAGE <= self.coverage_ratio <= HIGHEST_COVERAGE


def measure(reader: PrometheusReader, slo: Slo, pairs: Sequence[Pair], scale: int, at: float) -> list[Warmth]:
    """The warmth of every window of the pairs at a time (unix seconds), shortest first."""
    windows = {window.text: window for pair in pairs for window in (pair.short, pair.long)}
    current = reader.value(promql.requests(slo, promql.RECORDING_WINDOW, scale), at) or 0.0
    return [
        Warmth(window.text, _coverage(reader, slo, window, scale, at, current))
        for window in sorted(windows.values(), key=lambda window: window.seconds)
    ]


def require_warm(windows: Sequence[Warmth]) -> None:
    """InvalidRun names the windows that are not full."""
    cold = [f"{one.window} ({one.coverage_ratio:.0%})" for one in windows if not one.is_warm]
    if cold:
        raise InvalidRun(f"cold windows: {', '.join(cold)}; expected 90% to 125% of the traffic of a full window")


def _coverage(reader: PrometheusReader, slo: Slo, window: Window, scale: int, at: float, current: float) -> float:
    """Requests in the window over those of a full one; recorded windows must hold every evaluation as well."""
    if not current:
        return 0.0
    if not promql.reads_recordings(window):
        counted = reader.value(f"sum(increase({slo.total}[{window.scaled(scale)}]))", at) or 0.0
        return counted * scale / (window.seconds * current)
    _, requests = promql.recordings(window)
    recorded = names.series(requests, slo.name)
    summed = reader.value(f"sum(sum_over_time({recorded}[{window.scaled(scale)}]))", at) or 0.0
    is_fine = requests == names.REQUESTS
    interval = rules.SLOW_INTERVAL_SECONDS if is_fine else rules.PERIOD_INTERVAL_SECONDS
    evaluations = window.seconds / scale / float(seconds(rules.interval(interval, scale)))
    return summed / (evaluations * current)
