"""Made-up native histograms, in the notation of newer promtools: 3.13 reads it, 2.42 does not.

Buckets of schema 0 end at powers of two: whatever the bound, one of them lies wholly below and another wholly above it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import floor, log2

from slo import names
from slo.model import plain
from slo.phase import REQUESTS_A_STEP, Phase, Series
from slo.selector import Selector

_COUNT = re.compile(r"(?<![\w.])(\d+)(?:\+(\d+))?(x\d+)?")


@dataclass(frozen=True)
class Histogram:
    """One histogram whose good events are `below` the bound, or above."""

    selector: Selector
    bound: Decimal
    groups: tuple[str, ...]
    below: bool
    exact: bool = True
    counted: bool = True
    lag_seconds: int = 0

    def series(self, phases: Sequence[Phase], prefix: str = "", **labels: str) -> Series:
        """The sample at 0 s comes before the first phase."""
        parts, good, bad = [self._sample(Decimal(0), Decimal(0))], Decimal(0), Decimal(0)
        for phase in phases:
            more_bad = REQUESTS_A_STEP * phase.error_ratio
            more_good = REQUESTS_A_STEP - more_bad
            good, bad = (Decimal(0), Decimal(0)) if phase.resets else (good, bad)
            first, more = self._sample(good + more_good, bad + more_bad), self._sample(more_good, more_bad)
            parts.append(f"{first}+{more}x{phase.steps - 1}")
            good, bad = good + more_good * phase.steps, bad + more_bad * phase.steps
        return [self._series(prefix + " ".join(parts), labels)]

    def events(self, values: str) -> Series:
        """The values of a counter, as good events."""
        return [self._series(_COUNT.sub(self._good, values), {})]

    def part(self, values: str) -> Series:  # noqa: ARG002
        return []

    def _good(self, found: re.Match[str]) -> str:
        first, more, times = found.groups()
        samples = [self._sample(Decimal(number), Decimal(0)) for number in (first, more) if number is not None]
        return "+".join(samples) + (times or "")

    def _sample(self, good: Decimal, bad: Decimal) -> str:
        low, high = (good, bad) if self.below else (bad, good)
        count, buckets = plain(good + bad), f"[{plain(low)} 0 {plain(high)}]"
        return f"{{{{schema:0 count:{count} sum:{count} offset:{self._offset} buckets:{buckets}}}}}"

    @property
    def _offset(self) -> int:
        """The bucket whose upper end is the highest power of two up to the bound."""
        return floor(log2(self.bound))

    def _series(self, values: str, more: dict[str, str]) -> dict[str, str]:
        labels = {**dict.fromkeys(self.groups, "a"), **more, **self.selector.example()}
        return {"series": f"{self.selector.metric}{names.braces(labels)}", "values": values}
