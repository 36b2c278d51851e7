"""The time that a preview shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

_STEPS = 120
_SHORTEST_STEP_SECONDS = 1


@dataclass(frozen=True)
class Span:
    """From `start` to `end` (unix seconds); `rate_interval` such as "1m" stands for Grafana's variable.

    `steps` is how many samples a range has at most.
    """

    start: float
    end: float
    rate_interval: str
    steps: int = _STEPS

    @property
    def seconds(self) -> float:
        return self.end - self.start

    @property
    def step(self) -> int:
        """Whole seconds between two samples of a range."""
        return max(_SHORTEST_STEP_SECONDS, math.ceil(self.seconds / self.steps))

    @property
    def text(self) -> str:
        """The span as a person reads it."""
        first, last = (datetime.fromtimestamp(at, UTC) for at in (self.start, self.end))
        return f"{first:%Y-%m-%d %H:%M:%S} to {last:%H:%M:%S} UTC"
