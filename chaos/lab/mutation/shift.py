"""By how much a panel moved: a robust z of its median during a fault against the calm before.

For each series: |median during - median before| / max(1.4826 * MAD before, FLOOR of the panel's level), where the level
is the largest median of the panel's series, before or during, or its highest threshold. So a series moves visibly if it
leaves its own noise and by a part of the panel's height that an eye sees. A series that is not there counts as 0. The
panel moves as that of its series does that moves most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from chaos.lab.mutation.readings import Reading, Samples

THRESHOLD = 3.0
FLOOR_RATIO = 0.05
_NORMAL = 1.4826
"""Times this, the median absolute deviation of normal noise is its standard deviation."""
_PRESENT_RATIO = 0.5

Window = tuple[float, float]
"""From the first to the last unix second."""


@dataclass(frozen=True)
class Windows:
    """The seconds that count as calm, and those of the fault."""

    calm: tuple[Window, ...]
    fault: Window


def shift(reading: Reading, windows: Windows) -> float:
    """The panel's robust z; 0 where it has nothing to show."""
    pairs = [(_within(one, windows.calm), _within(one, (windows.fault,))) for one in reading.series]
    level = max((reading.threshold, *(abs(_middle(part)) for pair in pairs for part in pair)))
    return max((_robust_z(before, during, level) for before, during in pairs), default=0.0)


def _robust_z(before: Sequence[float], during: Sequence[float], level: float) -> float:
    if not level:
        return 0.0
    noise = median(abs(value - _middle(before)) for value in before) if before else 0.0
    return abs(_middle(during) - _middle(before)) / max(_NORMAL * noise, FLOOR_RATIO * level)


def _middle(values: Sequence[float]) -> float:
    return median(values) if values else 0.0


def _within(samples: Samples, windows: Sequence[Window]) -> list[float]:
    """The values of these windows; none where most of them are missing."""
    found = [value for at, value in samples.items() if any(first <= at <= last for first, last in windows)]
    seconds = sum(int(last) - int(first) for first, last in windows)
    return found if len(found) >= _PRESENT_RATIO * seconds else []
