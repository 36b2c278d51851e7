"""What Prometheus saw: the SLI around the fault, and when the alert changed its state, to the evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests
from prometheus_api_client import PrometheusConnect
from prometheus_api_client.exceptions import PrometheusApiClientException

from chaos.errors import LabError
from slo import names, promql
from slo.model import Pair, Slo

_SAMPLES = 400
"""How finely the time of the run is divided for curves."""

Curve = list[tuple[float, float]]
"""Samples as (unix seconds, value)."""


@dataclass(frozen=True)
class AlertSamples:
    """One alert's life: its labels and the evaluations (unix seconds) at which it was in each state."""

    labels: dict[str, str]
    pending: tuple[float, ...]
    firing: tuple[float, ...]


@dataclass(frozen=True)
class Observations:
    """Curves of the SLI (error ratio by nominal window) and the expected alert's dated changes, None if never."""

    ratios: dict[str, Curve]
    threshold: float
    alerts: tuple[AlertSamples, ...]
    sli_breached: float | None
    alert_pending: float | None
    alert_firing: float | None
    sli_recovered: float | None


@dataclass(frozen=True)
class Span:
    """The part of time that matters, in unix seconds; `fault` and `mitigated` lie in it, if they happened."""

    start: float
    end: float
    fault: float | None
    mitigated: float | None


class PrometheusReader:
    """Reads a run's series; LabError if Prometheus does not answer."""

    def __init__(self, url: str) -> None:
        self._client = PrometheusConnect(url=url)

    def observe(self, slo: Slo, pair: Pair, windows: Sequence[Pair], scale: int, span: Span) -> Observations:
        """Everything that the marks, the verdict and the report need of one alert and its SLI."""
        step = max(0.05, round((span.end - span.start) / _SAMPLES, 3))
        ratios = {
            window.text: self._curve(promql.error_ratio(slo, window, scale), span, step)
            for one in windows
            for window in (one.short, one.long)
        }
        alerts = self.alerts(span)
        wanted = {names.LONG_WINDOW: pair.long.text, names.SEVERITY: str(pair.severity)}
        mine = [one for one in alerts if wanted.items() <= one.labels.items()]
        firing = _first(mine[0].firing if mine else (), span.fault)
        pending = _first(sorted((*mine[0].pending, *mine[0].firing)) if mine else (), span.fault)
        threshold = float(pair.threshold(slo.objective))
        short = ratios[pair.short.text]
        return Observations(
            ratios=ratios,
            threshold=threshold,
            alerts=tuple(alerts),
            sli_breached=_earlier(breached_at(short, threshold, span.fault), pending),
            alert_pending=pending,
            alert_firing=firing,
            sli_recovered=recovered_at(short, threshold, span.mitigated),
        )

    def alerts(self, span: Span) -> list[AlertSamples]:
        """Every alert that was pending or firing in the span, with its evaluations."""
        states: dict[tuple[tuple[str, str], ...], dict[str, list[float]]] = {}
        for series in self.query(f"ALERTS[{_milliseconds(span.end - span.start)}]", span.end):
            labels = dict(series["metric"])
            state = labels.pop("alertstate")
            labels.pop("__name__")
            states.setdefault(tuple(sorted(labels.items())), {})[state] = [at for at, _ in _samples(series)]
        return [
            AlertSamples(dict(labels), tuple(one.get("pending", ())), tuple(one.get("firing", ())))
            for labels, one in states.items()
        ]

    def value(self, query: str, at: float) -> float | None:
        """The one value of an expression at a time; None where it has no sample."""
        found = self.query(query, at)
        return float(found[0]["value"][1]) if found else None

    def query(self, query: str, at: float) -> list[dict[str, Any]]:
        """An instant query; LabError in Prometheus' words if it fails."""
        try:
            moment = datetime.fromtimestamp(at, UTC).isoformat()
            found: list[dict[str, Any]] = self._client.custom_query(query, params={"time": moment})
        except (PrometheusApiClientException, requests.RequestException) as error:
            raise LabError(f"Prometheus did not answer {query!r}: {error}") from error
        return found

    def _curve(self, expression: str, span: Span, step: float) -> Curve:
        """A subquery, because range queries of the client library round their ends to seconds."""
        lookback = f"[{_milliseconds(span.end - span.start)}:{_milliseconds(step)}]"
        found = self.query(f"(\n{expression}\n){lookback}", span.end)
        return _samples(found[0]) if found else []


def breached_at(short: Curve, threshold: float, fault: float | None) -> float | None:
    """When the short window's error ratio first exceeded the threshold after the fault."""
    if fault is None:
        return None
    return next((at for at, ratio in short if at >= fault and ratio > threshold), None)


def recovered_at(short: Curve, threshold: float, mitigated: float | None) -> float | None:
    """When it came back to the threshold, for good, after the mitigation; None while it is above."""
    if mitigated is None or not short or short[-1][1] > threshold:
        return None
    above = [at for at, ratio in short if at >= mitigated and ratio > threshold]
    since = above[-1] if above else mitigated
    return next((at for at, _ in short if at > since), None)


def _samples(series: dict[str, Any]) -> Curve:
    return [(float(at), float(value)) for at, value in series["values"]]


def _first(moments: Sequence[float], after: float | None) -> float | None:
    return None if after is None else next((at for at in moments if at >= after), None)


def _earlier(one: float | None, other: float | None) -> float | None:
    """The rule's own evaluation also proves a breach, between two steps of the curve."""
    known = [at for at in (one, other) if at is not None]
    return min(known, default=None)


def _milliseconds(seconds: float) -> str:
    return f"{max(1, round(seconds * 1000))}ms"
