"""The history that the SLOs' windows need, in the SLOs' own series.

The SLO that a run is about has the traffic of the run. The others have what the load brings them about; those about
things that the load does not bring have counters that stand still, so that none seems to have stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import promql_parser

from chaos.errors import LabError
from chaos.lab.history import History, RawSeries, RecordedSeries
from chaos.lab.scaling import Intervals, seconds
from slo import names, promql, rules
from slo.indicator import Counted, Threshold
from slo.model import Slo
from slo.query import Counter
from slo.selector import Matcher, Selector

_INSTANCE = "history"
_FINE_WINDOWS = 2
"""Fine samples reach this many of the longest raw windows back."""
_COARSE_SECONDS = 300
EVENTS_A_REQUEST = {
    "api-latency": 0.28,
    "usage-ingest-availability": 0.7,
    "usage-ingest-latency": 0.7,
    "survival-remote": 28.0,
    "survival-embedded": 12.0,
    "verify-latency": 3.8,
    "sign-embedded-latency": 0.012,
    "sign-remote-latency": 0.028,
    "timestamp-latency": 0.04,
    "tenant-cost-budget": 0.001,
}
"""What the load's mix brings about, by SLO, so that live traffic weighs as much as seeded one; of others nothing.

Tenants at half of their daily cap are the history's alone: the load's own do not get there in a run.
"""
_Key = tuple[str, tuple[tuple[str, str], ...]]
_OPERATORS = (
    (promql_parser.MatchOp.Equal, "="),
    (promql_parser.MatchOp.NotEqual, "!="),
    (promql_parser.MatchOp.Re, "=~"),
    (promql_parser.MatchOp.NotRe, "!~"),
)


def history_of(
    slo: Slo, others: Sequence[Slo], scale: int, request_rate: float, pace: Intervals, end: float
) -> History:
    """One period of clean traffic, `request_rate` (1/s) of it for `slo`, up to `end` (unix seconds), scaled."""
    period = slo.objective.period.seconds / scale
    raw = _raw(slo, others, request_rate)
    coarse = _COARSE_SECONDS / scale
    gauges = (RecordedSeries(one.metric, one.example(), 0.0, coarse, period) for one in _levels((slo, *others)))
    recorded = (series for one in (slo, *others) for series in _recorded(one, raw, scale, period))
    return History(
        end=end,
        period_seconds=period,
        fine_seconds=_FINE_WINDOWS * promql.LONGEST_RAW_WINDOW.seconds / scale,
        fine_step_seconds=pace.scrape_seconds,
        coarse_step_seconds=coarse,
        raw=tuple(raw),
        recorded=(*gauges, *recorded),
    )


def _raw(slo: Slo, others: Sequence[Slo], request_rate: float) -> list[RawSeries]:
    """A counter of all events for each SLO, so that `slo` has just its own rate, and of the good ones among them."""
    totals: dict[_Key, RawSeries] = {}
    for one in filter(_is_counted, others):
        labels = {**one.total.example(), "instance": _INSTANCE}
        rate = request_rate * EVENTS_A_REQUEST.get(one.name, 0.0)
        totals.setdefault(_key(one.total.metric, labels), RawSeries(one.total.metric, labels, rate))
    shared = sum(series.rate for series in totals.values() if slo.total.matches(series.name, series.labels))
    own = RawSeries(slo.total.metric, {**slo.total.example(), "instance": _INSTANCE}, request_rate - shared)
    good: dict[_Key, RawSeries] = {}
    for one in filter(_is_counted, others):
        for series in (series for series in totals.values() if one.total.matches(series.name, series.labels)):
            for found in _good(one, series):
                good[_key(found.name, found.labels)] = found
    return [own, *totals.values(), *good.values()]


def _good(slo: Slo, total: RawSeries) -> Iterator[RawSeries]:
    """All events of a series as good ones, for an SLO that counts those, such as a bucket of a histogram."""
    if isinstance(slo.indicator, Counted) and slo.indicator.good and isinstance(slo.indicator.part, Counter):
        selector = slo.indicator.part.selector
        yield RawSeries(selector.metric, {**selector.example(), **total.labels}, total.rate)


def _is_counted(slo: Slo) -> bool:
    return isinstance(slo.indicator, Counted) and isinstance(slo.indicator.total, Counter)


def _key(name: str, labels: Mapping[str, str]) -> _Key:
    return name, tuple(sorted(labels.items()))


def _levels(slos: Iterable[Slo]) -> Iterator[Selector]:
    for slo in slos:
        if isinstance(slo.indicator, Threshold):
            yield from _selectors(slo.indicator.expression)


def _selectors(expression: str) -> list[Selector]:
    """Of the series that an expression reads, as Prometheus's grammar has them."""
    found: list[promql_parser.VectorSelector] = []

    def note(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)

    promql_parser.walk(promql_parser.parse(expression), note)
    if nameless := [each for each in found if not each.name]:
        raise LabError(f"no history for {len(nameless)} selectors of {expression}; expected each to name its metric")
    return [Selector(each.name or "", tuple(map(_matcher, each.matchers.matchers))) for each in found]


def _matcher(found: promql_parser.Matcher) -> Matcher:
    return Matcher(found.name, next(text for op, text in _OPERATORS if op == found.op), found.value)


def _recorded(slo: Slo, raw: Iterable[RawSeries], scale: int, period: float) -> Iterator[RecordedSeries]:
    """What the rules would have written: the fine series as far back as windows read them, the sparse ones always."""
    identity = {names.SLO: slo.name, names.SERVICE: slo.service}
    fine, sparse = (
        float(seconds(rules.interval(interval, scale)))
        for interval in (rules.SLOW_INTERVAL_SECONDS, rules.PERIOD_INTERVAL_SECONDS)
    )
    rate = 1.0
    if isinstance(slo.indicator, Counted):
        rate = sum(one.rate for one in raw if slo.total.matches(one.name, one.labels))
    span = promql.LONGEST_FINE_WINDOW.seconds / scale
    yield RecordedSeries(names.ERRORS, identity, 0.0, fine, span)
    yield RecordedSeries(names.REQUESTS, identity, rate, fine, span)
    yield RecordedSeries(names.PERIOD_ERRORS, identity, 0.0, sparse, period)
    yield RecordedSeries(names.PERIOD_REQUESTS, identity, rate, sparse, period)
