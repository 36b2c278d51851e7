"""Windows and numbers, and how they are written in PromQL."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from slo.errors import ScaleError

LARGEST_SCALE = 30
_WINDOW = re.compile(r"([1-9][0-9]{0,5})([smhdw])")
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_RANGE_UNITS_MS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}


@dataclass(frozen=True)
class Window:
    """A lookback such as "1h": the text that names it everywhere and its exact length."""

    text: str

    def __post_init__(self) -> None:
        if not _WINDOW.fullmatch(self.text):
            raise ValueError(f"expected a duration such as 5m, 6h or 30d, got {self.text!r}")

    def __str__(self) -> str:
        return self.text

    @cached_property
    def seconds(self) -> int:
        return int(self.text[:-1]) * _UNIT_SECONDS[self.text[-1]]

    def scaled(self, scale: int) -> str:
        """The PromQL range of this window when time runs `scale` (1..30) times faster, exact to 1 ms."""
        if scale == 1:
            return self.text
        require_scale(scale)
        milliseconds, rest = divmod(self.seconds * 1_000, scale)
        if rest:
            raise ScaleError(
                f"scale {scale}: {self.text} / {scale} is not a whole number of milliseconds; "
                "expected a scale that divides every window"
            )
        return range_text(milliseconds)


def require_scale(scale: int) -> None:
    """Raises ScaleError."""
    if not 1 <= scale <= LARGEST_SCALE:
        raise ScaleError(f"scale {scale}: expected a whole number from 1 to {LARGEST_SCALE}")


def range_text(milliseconds: int) -> str:
    """A PromQL duration in the largest unit that needs no fraction: 720000 -> "12m", 1500 -> "1500ms"."""
    unit = next(unit for unit, length in _RANGE_UNITS_MS.items() if milliseconds % length == 0)
    return f"{milliseconds // _RANGE_UNITS_MS[unit]}{unit}"


def plain(number: Decimal) -> str:
    """The shortest exact decimal text, never in exponent form."""
    return f"{number.normalize():f}"
