"""The history that an SLO's windows need, in the SLO's own series."""

from __future__ import annotations

from chaos.lab.history import History, RawSeries, RecordedSeries
from chaos.lab.scaling import Intervals, seconds
from slo import names, promql, rules
from slo.model import Slo

_INSTANCE = "history"
_FINE_WINDOWS = 2
"""Fine samples reach this many of the longest raw windows back."""
_COARSE_SECONDS = 300


def history_of(slo: Slo, scale: int, request_rate: float, pace: Intervals, end: float) -> History:
    """One period of clean traffic at `request_rate` (1/s) up to `end` (unix seconds), scaled."""
    identity = {names.SLO: slo.name, names.SERVICE: slo.service}
    raw_labels = {**slo.total.example(), "instance": _INSTANCE}
    fine, sparse = (
        float(seconds(rules.interval(interval, scale)))
        for interval in (rules.SLOW_INTERVAL_SECONDS, rules.PERIOD_INTERVAL_SECONDS)
    )
    return History(
        end=end,
        period_seconds=slo.objective.period.seconds / scale,
        fine_seconds=_FINE_WINDOWS * promql.LONGEST_RAW_WINDOW.seconds / scale,
        fine_step_seconds=pace.scrape_seconds,
        coarse_step_seconds=_COARSE_SECONDS / scale,
        counter_name=slo.total.metric,
        raw=(RawSeries(raw_labels, request_rate),),
        recorded=(
            RecordedSeries(names.ERRORS, identity, 0.0, fine),
            RecordedSeries(names.REQUESTS, identity, request_rate, fine),
            RecordedSeries(names.PERIOD_ERRORS, identity, 0.0, sparse),
            RecordedSeries(names.PERIOD_REQUESTS, identity, request_rate, sparse),
        ),
    )
