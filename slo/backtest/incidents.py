"""Incidents that people labelled, and how well a policy's notices match them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from slo import document, yamlfile
from slo.backtest.firings import Notice
from slo.document import Problem
from slo.errors import DocumentError


@dataclass(frozen=True)
class Incident:
    """A stretch of time, in unix seconds, in which somebody should have heard of it."""

    name: str
    start: float
    end: float


@dataclass(frozen=True)
class Detection:
    """Whether and how fast an incident was noticed; seconds from its start, 0 where a notice was there already."""

    name: str
    seconds: float | None


@dataclass(frozen=True)
class Score:
    """How well notices and incidents match; a ratio is None where there is nothing to divide by."""

    notices: int
    true_notices: int
    incidents: int
    detected: int
    precision_ratio: float | None
    recall_ratio: float | None
    detections: tuple[Detection, ...]


def load(path: Path) -> list[Incident]:
    """The incidents of a file, a list of `{name, from, to}`; a DocumentError lists every problem."""
    documents = yamlfile.values(path)
    problems = [f"expected one document, got {len(documents)}"] if len(documents) != 1 else []
    problems += problems or map(str, document.sequence(_INCIDENT)(documents[0], "incidents"))
    if not problems:
        found = [Incident(one["name"], _seconds(one["from"]), _seconds(one["to"])) for one in documents[0]]
        problems += [
            f"incidents[{i}].to: expected a time after from" for i, one in enumerate(found) if one.end <= one.start
        ]
    if problems:
        raise DocumentError(f"{path}: {problem}" for problem in problems)
    return found


def score(notices: list[Notice], incidents: list[Incident]) -> Score:
    """A notice is true where it overlaps an incident, an incident detected where a notice overlaps it."""
    true = [notice for notice in notices if any(_overlap(notice, incident) for incident in incidents)]
    detections = tuple(_detection(incident, notices) for incident in incidents)
    detected = sum(one.seconds is not None for one in detections)
    return Score(
        notices=len(notices),
        true_notices=len(true),
        incidents=len(incidents),
        detected=detected,
        precision_ratio=len(true) / len(notices) if notices else None,
        recall_ratio=detected / len(incidents) if incidents else None,
        detections=detections,
    )


def _detection(incident: Incident, notices: list[Notice]) -> Detection:
    starts = [notice.start for notice in notices if _overlap(notice, incident)]
    return Detection(incident.name, max(0.0, min(starts) - incident.start) if starts else None)


def _overlap(notice: Notice, incident: Incident) -> bool:
    return notice.start <= incident.end and notice.end >= incident.start


def _time(value: object, path: str) -> Iterator[Problem]:
    try:
        _seconds(value)
    except (TypeError, ValueError):
        yield Problem(path, f"expected a time such as 2026-11-01T12:00:00Z, got {value!r}")


def _seconds(value: object) -> float:
    """Unix seconds; a time without a zone is UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        raise TypeError(f"expected a time, got {value!r}")
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()


_INCIDENT = document.mapping({"name": document.text, "from": _time, "to": _time})
