"""Questions to Prometheus, each asked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from dashboards_as_code import variables
from dashboards_as_code.errors import UnavailableError
from dashboards_as_code.preview.series import Exemplar, Series, exemplars_in, read
from dashboards_as_code.preview.span import Span

_TIMEOUT_SECONDS = 30
_MOST_EXEMPLARS = 60


@dataclass
class Answers:
    """A Prometheus over one span of time."""

    url: str
    span: Span
    _session: requests.Session = field(default_factory=requests.Session)
    _known: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)

    def of(self, target: Mapping[str, Any], *, instant: bool | None = None) -> list[Series]:
        """The series of one query of a panel, over the span or, where it is instant, at the end of it."""
        at_once = target.get("instant", False) if instant is None else instant
        return read(self._result(target["expr"], instant=at_once), target.get("legendFormat", ""))

    def over_time(self, expr: str, legend: str = "") -> list[Series]:
        """The series of an expression over the span."""
        return read(self._result(expr, instant=False), legend)

    def exemplars_of(self, target: Mapping[str, Any]) -> list[Exemplar]:
        """Some cases behind a query that asks for them, evenly chosen; none where Prometheus keeps none."""
        if not target.get("exemplar", False):
            return []
        concrete = variables.substituted(target["expr"], self.span.rate_interval)
        times = {"start": self.span.start, "end": self.span.end}
        found = exemplars_in(self._ask("query_exemplars", {"query": concrete, **times}))
        return found[:: 1 + len(found) // _MOST_EXEMPLARS]

    def reach(self) -> None:
        """UnavailableError where no Prometheus answers."""
        self._ask("query", {"query": "1"})

    def _result(self, expr: str, *, instant: bool) -> list[dict[str, Any]]:
        span, concrete = self.span, variables.substituted(expr, self.span.rate_interval)
        path = "query" if instant else "query_range"
        if (path, concrete) not in self._known:
            times = {"time": span.end} if instant else {"start": span.start, "end": span.end, "step": span.step}
            self._known[path, concrete] = self._ask(path, {"query": concrete, **times})
        return self._known[path, concrete]

    def _ask(self, path: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        expected = f"expected a Prometheus that answers /api/v1/{path}"
        try:
            answer = self._session.post(f"{self.url}/api/v1/{path}", data=parameters, timeout=_TIMEOUT_SECONDS)
            document = answer.json()
        except requests.JSONDecodeError as error:
            raise UnavailableError(f"{self.url}: status {answer.status_code}, no JSON; {expected}") from error
        except requests.Timeout as error:
            raise UnavailableError(f"{self.url}: no answer within {_TIMEOUT_SECONDS} s; {expected}") from error
        except requests.RequestException as error:
            raise UnavailableError(f"{self.url}: no connection; {expected}") from error
        return _result_of(document, self.url, str(parameters["query"]), expected)


def _result_of(document: Any, url: str, query: str, expected: str) -> list[dict[str, Any]]:
    match document:
        case {"status": "success", "data": {"resultType": "scalar", "result": value}}:
            return [{"metric": {}, "value": value}]
        case {"status": "success", "data": {"result": list(result)} | list(result)}:
            return result
        case {"status": "error", "error": str(message)}:
            raise UnavailableError(f"{url}: {query}: {' '.join(message.split())}")
    raise UnavailableError(f"{url}: an unknown answer; {expected}")
