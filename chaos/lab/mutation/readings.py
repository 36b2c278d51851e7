"""What every panel showed over a run, by panel and series."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dashboards_as_code.model import Board
from dashboards_as_code.preview.answers import Answers
from dashboards_as_code.preview.span import Span

Samples = Mapping[float, float]
"""Values by unix second."""


@dataclass(frozen=True)
class Reading:
    """A panel, as "board: title", the samples of each of its series, and its highest threshold.

    The axis reaches that threshold, so that it decides with the data how much of a change can be seen.
    """

    panel: str
    series: tuple[Samples, ...]
    threshold: float = 0.0


def read(boards: Iterable[Board], prometheus: str, start: float, end: float, rate_interval: str) -> list[Reading]:
    """Ask every query of every panel over a whole run, once a second."""
    span = Span(float(int(start)), float(int(end)), rate_interval, steps=int(end) - int(start))
    return list(_readings(boards, Answers(prometheus, span)))


def _readings(boards: Iterable[Board], answers: Answers) -> Iterator[Reading]:
    for board in boards:
        for panel in board.panels():
            found = [dict(one.points) for query in panel.queries for one in answers.over_time(query.expr)]
            thresholds = (float(abs(one.value)) for one in panel.thresholds if one.value is not None)
            yield Reading(f"{board.uid}: {panel.title}", tuple(found), max(thresholds, default=0.0))
