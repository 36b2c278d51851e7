"""Whether each panel has something to show at a running Prometheus."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import requests
from prometheus_api_client import PrometheusConnect
from prometheus_api_client.exceptions import PrometheusApiClientException

from dashboards_as_code import variables
from dashboards_as_code.errors import UnavailableError
from dashboards_as_code.model import Board

_TIMEOUT_SECONDS = 30
_STEPS = 60


@dataclass(frozen=True)
class Question:
    """Where and over which time the panels are executed."""

    url: str
    lookback: timedelta
    rate_interval: str


@dataclass(frozen=True)
class Filling:
    """What Prometheus returned for a panel: `empty` holds its queries without a single number."""

    panel: str
    series: int
    samples: int
    empty: tuple[str, ...]


def fillings(boards: Iterable[Board], question: Question) -> Iterator[Filling]:
    """Execute every query of every panel, an expression of several panels once; UnavailableError without an answer."""
    # A check of a dead Prometheus should say so now, hence no retries.
    with PrometheusConnect(question.url, retry=0, timeout=_TIMEOUT_SECONDS) as prometheus:
        counts_of = cache(lambda expr: _counts(prometheus, question, expr))
        for board in boards:
            for panel in board.panels():
                name = f"{board.uid}: {panel.title}"
                try:
                    counts = [counts_of(query.expr) for query in panel.queries]
                except _UnansweredError as error:
                    raise UnavailableError(f"{question.url}: {name}: {error}") from error
                yield Filling(
                    panel=name,
                    series=sum(len(samples) for samples in counts),
                    samples=sum(map(sum, counts)),
                    empty=tuple(q.expr for q, samples in zip(panel.queries, counts, strict=True) if not samples),
                )


class _UnansweredError(Exception):
    """One query has no answer; the message begins with it."""


def _counts(prometheus: Any, question: Question, expr: str) -> list[int]:
    """The number of samples of each series that has any; NaN is none, since Grafana draws nothing for it."""
    end = datetime.now(UTC)
    step = max(1, round(question.lookback.total_seconds() / _STEPS))
    concrete = variables.substituted(expr, question.rate_interval)
    try:
        found = prometheus.custom_query_range(concrete, end - question.lookback, end, str(step))
        counts = [sum(not math.isnan(float(value)) for _, value in series["values"]) for series in found]
    except requests.ConnectionError as error:
        raise UnavailableError(f"{question.url}: {_reason(error)}") from error
    except (requests.RequestException, PrometheusApiClientException) as error:
        raise _UnansweredError(f"{concrete}: {_reason(error)}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise _UnansweredError(f"{concrete}: unknown answer; expected Prometheus's JSON") from error
    return [count for count in counts if count]


def _reason(error: Exception) -> str:
    match error:
        case requests.Timeout():
            reason = f"no answer within {_TIMEOUT_SECONDS} s"
        case requests.ConnectionError():
            reason = "no connection"
        case _:
            reason = " ".join(str(error).split())
    return f"{reason}; expected a Prometheus that answers /api/v1/query_range"
