"""The eleven marks of a GameDay, from what each witness wrote down.

Witnesses are independent of each other: the injecting process, a probe of the dependency itself, the clients, the
time series database, and the receiver of notifications. Every mark carries its source and its error bar.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chaos.lab.scaling import Intervals
from chaos.load_log import Request, first_failure, first_of_good
from chaos.observations import Observations

MARKS = (
    "fault_injected",
    "effect_confirmed",
    "first_failure",
    "sli_breached",
    "alert_pending",
    "alert_firing",
    "notified",
    "mitigated",
    "service_recovered",
    "sli_recovered",
    "resolved",
)
"""Names of the marks in causal order."""


@dataclass(frozen=True)
class Mark:
    """A moment in unix seconds; the event happened at most `error_bar_seconds` away from it."""

    name: str
    at: float
    error_bar_seconds: float
    source: str

    @property
    def text(self) -> str:
        """RFC 3339 in UTC with milliseconds."""
        moment = datetime.fromtimestamp(self.at, UTC)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


@dataclass(frozen=True)
class Timeline:
    """The marks that were seen, in causal order; a mark that never came is missing."""

    marks: tuple[Mark, ...]

    def at(self, name: str) -> float | None:
        """Unix seconds of a mark, None if it never came."""
        return next((mark.at for mark in self.marks if mark.name == name), None)

    def between(self, first: str, last: str) -> float | None:
        """Seconds from one mark to another, None if either never came."""
        begin, end = self.at(first), self.at(last)
        return None if begin is None or end is None else end - begin

    @property
    def missing(self) -> list[str]:
        return [name for name in MARKS if self.at(name) is None]

    @property
    def out_of_order(self) -> list[str]:
        """Marks that come before the one that causes them."""
        pairs = zip(self.marks, self.marks[1:], strict=False)
        return [f"{later.name} before {earlier.name}" for earlier, later in pairs if later.at < earlier.at]

    @property
    def mttd_seconds(self) -> float | None:
        """From the fault to the page in the receiver's hands."""
        return self.between("fault_injected", "notified")

    @property
    def mttr_seconds(self) -> float | None:
        """From the fault to the first of many good requests in a row."""
        return self.between("fault_injected", "service_recovered")


@dataclass(frozen=True)
class Witnesses:
    """Everything that was written down during a run. `events` are the run folder's, by kind."""

    events: Mapping[str, Sequence[Mapping[str, Any]]]
    requests: Sequence[Request]
    observed: Observations
    pace: Intervals
    good_requests: int


def timeline_of(seen: Witnesses) -> Timeline:
    """Every mark that can be dated."""
    finders = (_from_events, _from_clients, _from_prometheus, _from_receiver)
    found = {mark.name: mark for finder in finders for mark in finder(seen)}
    return Timeline(tuple(found[name] for name in MARKS if name in found))


def _from_events(seen: Witnesses) -> list[Mark]:
    sources = {
        "fault_injected": "the injecting process, around the signal",
        "effect_confirmed": "a probe of the dependency itself, by its sending",
        "mitigated": "the responder, after the runbook action",
    }
    return [
        Mark(name, events[0]["at"], events[0].get("error_bar_seconds", 0.01), source)
        for name, source in sources.items()
        if (events := seen.events.get(name))
    ]


def _from_clients(seen: Witnesses) -> list[Mark]:
    """Both marks look only at requests sent after their cause, so each is late by at most one arrival."""
    marks = []
    gap = _arrival_gap_seconds(seen.requests)
    source = "the clients, by intended send time"
    if (effect := seen.events.get("effect_confirmed")) and (failed := first_failure(seen.requests, effect[0]["at"])):
        marks.append(Mark("first_failure", failed.intended, gap, source))
    if (mitigated := seen.events.get("mitigated")) and (
        good := first_of_good(seen.requests, mitigated[0]["at"], seen.good_requests)
    ):
        marks.append(Mark("service_recovered", good.intended, gap, source))
    return marks


def _from_prometheus(seen: Witnesses) -> list[Mark]:
    observed, pace = seen.observed, seen.pace
    pipeline = pace.export_seconds + pace.scrape_seconds
    dated = {
        "sli_breached": (observed.sli_breached, pipeline, "Prometheus: error ratio of the short window"),
        "alert_pending": (observed.alert_pending, pace.evaluation_seconds, "Prometheus: ALERTS"),
        "alert_firing": (observed.alert_firing, pace.evaluation_seconds, "Prometheus: ALERTS"),
        "sli_recovered": (observed.sli_recovered, pipeline, "Prometheus: error ratio of the short window"),
    }
    return [Mark(name, at, bar, source) for name, (at, bar, source) in dated.items() if at is not None]


def _from_receiver(seen: Witnesses) -> list[Mark]:
    bars = {"notified": seen.pace.group_wait_seconds, "resolved": seen.pace.group_interval_seconds}
    return [
        Mark(name, events[0]["at"], bars[name], "the notification receiver")
        for name in ("notified", "resolved")
        if (events := seen.events.get(name))
    ]


def _arrival_gap_seconds(requests: Sequence[Request]) -> float:
    """The mean time between two arrivals."""
    if len(requests) < 2:
        return 0.0
    return (requests[-1].intended - requests[0].intended) / (len(requests) - 1)
