"""When alerts fire and resolve, on either side and by plain arithmetic, and why two of them differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf

from chaos.lab.comparison.traffic import Traffic
from slo import promql
from slo.model import Objective, Pair, Severity

_TOGETHER_MINUTES = 15
RAMP_MINUTES = promql.RECORDING_WINDOW.seconds // 60
"""By so much the recorded rates behind our long windows may blur a moment."""

Episode = tuple[int, int]
"""The minutes of the first evaluation that fires and of the first one that no longer does."""


class Cause(StrEnum):
    """Why a moment is not the same on both sides."""

    NONE = "same"
    RECORDINGS = "our recordings"
    SLOTH = "Sloth is further from the truth"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True)
class Moment:
    """One firing or resolving: the minute by each witness, None where it saw none."""

    traffic: str
    severity: str
    change: str
    ours: int | None
    sloth: int | None
    truth: int | None

    @property
    def cause(self) -> Cause:
        if self.ours == self.sloth:
            return Cause.NONE
        if not _near(self.ours, self.truth):
            return Cause.UNEXPLAINED
        return Cause.SLOTH if _error(self.ours, self.truth) < _error(self.sloth, self.truth) else Cause.RECORDINGS


def episodes(firing: Iterable[int]) -> list[Episode]:
    """The stretches of consecutive minutes."""
    found: list[Episode] = []
    for minute in sorted(firing):
        if found and found[-1][1] == minute:
            found[-1] = (found[-1][0], minute + 1)
        else:
            found.append((minute, minute + 1))
    return found


def true_episodes(
    traffic: Traffic, objective: Objective, pairs: Sequence[Pair], severity: Severity, minutes: range
) -> list[Episode]:
    """When the pairs of a severity have to fire, from the counts themselves."""
    mine = [pair for pair in pairs if pair.severity is severity]
    return episodes(minute for minute in minutes if any(_burns(traffic, objective, pair, minute) for pair in mine))


def moments(
    traffic: str, severity: str, ours: Sequence[Episode], sloth: Sequence[Episode], truth: Sequence[Episode]
) -> list[Moment]:
    """Every change that any witness saw, matched in order of time."""
    found = []
    for change, index in (("fires", 0), ("resolves", 1)):
        columns = [[episode[index] for episode in side] for side in (ours, sloth, truth)]
        for known in _matched(columns):
            found.append(Moment(traffic, severity, change, *known))
    return found


def _matched(columns: list[list[int]]) -> list[tuple[int | None, int | None, int | None]]:
    """Rows of minutes that belong together: none is far from the row's first."""
    rows = []
    while any(columns):
        first = min(column[0] for column in columns if column)
        row = [column.pop(0) if column and column[0] - first <= _TOGETHER_MINUTES else None for column in columns]
        rows.append((row[0], row[1], row[2]))
    return rows


def _burns(traffic: Traffic, objective: Objective, pair: Pair, minute: int) -> bool:
    threshold = float(pair.threshold(objective))
    ratios = (traffic.error_ratio(minute, window.seconds // 60) for window in (pair.long, pair.short))
    return all(ratio is not None and ratio > threshold for ratio in ratios)


def _near(minute: int | None, truth: int | None) -> bool:
    return _error(minute, truth) <= RAMP_MINUTES


def _error(minute: int | None, truth: int | None) -> float:
    """Minutes between a moment and the true one; endless where just one of them is."""
    if minute is None or truth is None:
        return 0 if minute == truth else inf
    return abs(minute - truth)
