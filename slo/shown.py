"""How durations, shares and tables look on a terminal and on a page."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from slo.model import plain

_LONGEST_SHOWN = {"s": (1, 120), "min": (60, 7_200), "h": (3_600, 172_800), "d": (86_400, None)}
_FIVE_DIGITS, _THREE_DIGITS = 5, 3


def duration(seconds: Decimal | float | None, otherwise: str = "never", digits: int = _FIVE_DIGITS) -> str:
    """Seconds in the unit that a person would use."""
    if seconds is None:
        return otherwise
    exact = Decimal(str(seconds))
    unit, length = next(
        (unit, length) for unit, (length, limit) in _LONGEST_SHOWN.items() if limit is None or abs(exact) < limit
    )
    return f"{plain(Decimal(f'{exact / length:.{digits}g}'))} {unit}"


def brief(seconds: Decimal | float | None, otherwise: str = "never") -> str:
    """A duration to three digits, for what was measured and not derived."""
    return duration(seconds, otherwise, _THREE_DIGITS)


def percent(ratio: Decimal) -> str:
    """A share, exact."""
    return f"{plain(ratio * 100)} %"


def share(ratio: float | None, otherwise: str = "no data") -> str:
    """A measured share, to five digits."""
    if ratio is None:
        return otherwise
    return f"{plain(Decimal(f'{ratio * 100:.{_FIVE_DIGITS}g}'))} %"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Aligned columns for a terminal."""
    lines = [tuple(headings), *map(tuple, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
