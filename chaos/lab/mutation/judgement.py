"""Whether each fault was seen where it must be, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chaos.lab.mutation.episode import CALM_SECONDS, Episode
from chaos.lab.mutation.fault import Fault
from chaos.lab.mutation.readings import Reading
from chaos.lab.mutation.shift import THRESHOLD, Windows, shift

_CALMS = 3
"""So many calms before a fault are its baseline."""
_MARGIN_SECONDS = 1.0


@dataclass(frozen=True)
class Finding:
    """One fault: the z of the panels that must move, of others that moved though they must not, and how many rest.

    A panel that an earlier fault moved is not judged as resting: its windows may still hold that one.
    """

    fault: str
    expected: dict[str, float]
    false: dict[str, float]
    resting: int

    @property
    def unseen(self) -> list[str]:
        return [panel for panel, z in self.expected.items() if z < THRESHOLD]

    @property
    def is_seen(self) -> bool:
        return bool(self.expected) and not self.unseen


def judge(
    faults: Sequence[Fault], episodes: Sequence[Episode], readings: Sequence[Reading], lag_seconds: float
) -> list[Finding]:
    """One finding for each episode, in order; `lag_seconds` is how long after a fault rates are full of it."""
    moved: set[str] = set()
    findings = []
    for place, (fault, episode) in enumerate(zip(faults, episodes, strict=True)):
        windows = Windows(_calms(episodes[: place + 1]), (episode.began + lag_seconds, episode.ended))
        shifts = {reading.panel: shift(reading, windows) for reading in readings}
        findings.append(_finding(fault, shifts, moved))
        moved |= {panel for panel, z in shifts.items() if z >= THRESHOLD}
    return findings


def _finding(fault: Fault, shifts: dict[str, float], moved: set[str]) -> Finding:
    said = fault.expectation
    expected = {panel: z for panel, z in shifts.items() if said.must_move(panel)}
    judged = {panel: z for panel, z in shifts.items() if panel not in (expected.keys() | moved)}
    resting = {panel: z for panel, z in judged.items() if not said.may_move(panel)}
    false = {panel: z for panel, z in resting.items() if z >= THRESHOLD}
    return Finding(fault.name, expected, false, len(resting))


def _calms(episodes: Sequence[Episode]) -> tuple[tuple[float, float], ...]:
    ends = (one.began - _MARGIN_SECONDS for one in episodes[-_CALMS:])
    return tuple((end - CALM_SECONDS + _MARGIN_SECONDS, end) for end in ends)
