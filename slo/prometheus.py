"""What a running Prometheus answers; every refusal is one line that names the address and the question."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from typing import Any

import requests
from prometheus_api_client import PrometheusConnect
from prometheus_api_client.exceptions import PrometheusApiClientException

from slo.errors import LiveError

TIMEOUT_SECONDS = 60
# Prometheus refuses a range query with more than 11,000 points a series.
MOST_POINTS = 5_000

Labels = dict[str, str]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Sample:
    """One series at one moment; its value is a number, never NaN."""

    labels: Labels
    value: float


@dataclass(frozen=True)
class Curve:
    """One series over a span: (unix seconds, value), oldest first, without NaN."""

    labels: Labels
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Span:
    """Equal steps from `start` to `end`, both included where they fit; in unix seconds."""

    start: float
    end: float
    step: float

    def parts(self) -> Iterator["Span"]:
        """The same steps in pieces that Prometheus will answer."""
        count = int((self.end - self.start) / self.step + 1e-6) + 1
        for first in range(0, count, MOST_POINTS):
            last = min(count, first + MOST_POINTS) - 1
            yield Span(self.start + first * self.step, self.start + last * self.step, self.step)


class Prometheus:
    """The questions of this engine; a LiveError where one is not answered."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        # A judgement about a dead Prometheus should come now, hence no retries.
        self._client = PrometheusConnect(
            self.url, retry=0, timeout=TIMEOUT_SECONDS, session=self._session, method="POST"
        )

    def now(self) -> float:
        """The moment to ask about, by this machine's clock."""
        return datetime.now(UTC).timestamp()

    def instant(self, expression: str, at: float) -> list[Sample]:
        """The vector of an expression at a moment."""
        samples: list[Sample] = self._ask(expression, lambda: self._samples(expression, at))
        return [sample for sample in samples if not math.isnan(sample.value)]

    def number(self, expression: str, at: float) -> float | None:
        """The single value of an expression; None where there is no sample."""
        found = self.instant(expression, at)
        return found[0].value if found else None

    def curves(self, expression: str, span: Span, progress: Progress | None = None) -> list[Curve]:
        """The series of an expression over a span, read in bounded pieces."""
        points: dict[tuple[tuple[str, str], ...], list[tuple[float, float]]] = {}
        parts = list(span.parts())
        for number, part in enumerate(parts, start=1):
            for curve in self._ask(expression, lambda part=part: self._curves(expression, part)):  # type: ignore[misc]
                points.setdefault(tuple(sorted(curve.labels.items())), []).extend(curve.points)
            if progress:
                progress(number, len(parts))
        return [Curve(dict(key), tuple(values)) for key, values in points.items() if values]

    def samples_read(self, expression: str, at: float) -> int:
        """How many stored samples one evaluation of the expression reads."""
        asked = {"query": expression, "time": f"{at:.3f}", "stats": "all"}
        return int(self._get("/api/v1/query", asked, "stats", "samples", "totalQueryableSamples"))

    def version(self) -> int:
        """The major version, as 2 and 3 differ in what a window contains."""
        return int(str(self._get("/api/v1/status/buildinfo", {}, "version")).partition(".")[0])

    def rule_groups(self) -> list[dict[str, Any]]:
        """The rule groups that are loaded, with their rules' health."""
        groups: list[dict[str, Any]] = self._get("/api/v1/rules", {}, "groups")
        return groups

    def _samples(self, expression: str, at: float) -> list[Sample]:
        found = self._client.custom_query(expression, params={"time": f"{at:.3f}"})
        return [Sample(_labels(one), float(one["value"][1])) for one in found]

    def _curves(self, expression: str, part: Span) -> list[Curve]:
        start, end = (datetime.fromtimestamp(moment, UTC) for moment in (part.start, part.end))
        found = self._client.custom_query_range(expression, start, end, f"{part.step:g}")
        return [Curve(_labels(one), tuple(_points(one["values"]))) for one in found]

    def _get(self, path: str, parameters: dict[str, str], *keys: str) -> Any:
        """What lies under these keys in the data of an answer."""

        def ask() -> Any:
            answer = self._session.get(f"{self.url}{path}", params=parameters, timeout=TIMEOUT_SECONDS)
            if answer.status_code != requests.codes.ok:
                raise PrometheusApiClientException(f"HTTP {answer.status_code} ({answer.text[:200]})")
            return reduce(lambda found, key: found[key], keys, answer.json()["data"])

        return self._ask(path, ask)

    def _ask(self, question: str, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        # requests counts what is no JSON among its own errors, hence the order.
        except (KeyError, TypeError, IndexError, ValueError) as error:
            raise LiveError(f"{self.url}: expected Prometheus's JSON for {_one_line(question)}") from error
        except (requests.RequestException, PrometheusApiClientException) as error:
            raise LiveError(f"{self.url}: {_reason(error)}; asked for {_one_line(question)}") from error


def _labels(one: dict[str, Any]) -> Labels:
    return {name: value for name, value in one["metric"].items() if name != "__name__"}


def _points(values: list[tuple[float, str]]) -> Iterator[tuple[float, float]]:
    for at, text in values:
        value = float(text)
        if not math.isnan(value):
            yield float(at), value


def _reason(error: Exception) -> str:
    match error:
        case requests.Timeout():
            return f"no answer within {TIMEOUT_SECONDS} s"
        case requests.ConnectionError():
            return "no connection; expected a running Prometheus"
        case _:
            return _one_line(str(error), longest=300)


def _one_line(text: str, longest: int = 120) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[:longest]}..."
