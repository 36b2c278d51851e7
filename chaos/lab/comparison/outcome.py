"""What a comparison found, and whether that is good enough."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isclose

from chaos.lab.comparison.bench import Period, Price
from chaos.lab.comparison.episodes import Cause, Moment
from chaos.lab.comparison.store import Cost

MOST_PERIOD_RATIO = 0.25
MOST_TOTAL_RATIO = 1.0
MOST_GENERATE_RATIO = 1.0
_PERIOD_TOLERANCE = 0.01
"""Of our error ratio of the period, relative to the truth: what rates leave out at the edges of a counter."""


@dataclass(frozen=True)
class Outcome:
    """Everything that was measured in one run."""

    prometheus: str
    sloth: str
    moments: tuple[Moment, ...]
    periods: tuple[Period, ...]
    prices: tuple[Price, ...]
    generated: int
    ours_seconds: tuple[float, ...]
    sloth_seconds: tuple[float, ...]

    @property
    def unexplained(self) -> int:
        """Moments without a cause, and periods for which ours is not the truth."""
        moments = sum(one.cause is Cause.UNEXPLAINED for one in self.moments)
        return moments + sum(not _is_true(one) for one in self.periods)

    @property
    def samples_ratio(self) -> float:
        """Samples of one evaluation of all rules, ours over Sloth's, where it is worst for us."""
        return max(one.ours.samples / one.sloth.samples for one in self.prices)

    @property
    def generate_ratio(self) -> float:
        return min(self.ours_seconds) / min(self.sloth_seconds)

    def failures(self) -> Iterator[str]:
        """A line for each bound that is missed."""
        if self.unexplained:
            yield f"{self.unexplained} differences have no explanation"
        for price in self.prices:
            yield from _too_dear(f"{price.traffic}, 30d", price.ours_period, price.sloth_period, MOST_PERIOD_RATIO)
            yield from _too_dear(f"{price.traffic}, all rules", price.ours, price.sloth, MOST_TOTAL_RATIO)
        if self.generate_ratio > MOST_GENERATE_RATIO:
            yield f"generating takes {self.generate_ratio:.2f} times as long, expected at most {MOST_GENERATE_RATIO:g}"


def _too_dear(name: str, ours: Cost, sloth: Cost, most: float) -> Iterator[str]:
    if ours.samples > most * sloth.samples:
        yield f"{name}: {ours.samples} samples, expected at most {most:g} x {sloth.samples}"
    if ours.seconds > most * sloth.seconds:
        yield f"{name}: {ours.seconds:.6f} s, expected at most {most:g} x {sloth.seconds:.6f} s"


def _is_true(period: Period) -> bool:
    return period.ours is not None and isclose(period.ours, period.truth, rel_tol=_PERIOD_TOLERANCE, abs_tol=1e-9)
