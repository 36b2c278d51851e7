"""Stretches of made-up events, and how many come in each."""

from dataclasses import dataclass
from decimal import Decimal

STEP_SECONDS = 60
REQUESTS_A_STEP = 60_000

Series = list[dict[str, str]]


@dataclass(frozen=True)
class Phase:
    """A stretch of whole steps with a steady error ratio; `resets` where the counters begin anew."""

    seconds: int
    error_ratio: Decimal
    resets: bool = False

    @property
    def steps(self) -> int:
        return self.seconds // STEP_SECONDS


def steady(seconds: int) -> str:
    """A counter of steady traffic."""
    return f"0+{REQUESTS_A_STEP}x{seconds // STEP_SECONDS}"
