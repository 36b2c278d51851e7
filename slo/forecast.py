"""The predictions of a policy as a table or as JSON."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from slo import predict
from slo.guarded import Guarded
from slo.model import plain

_HEADINGS = ("SLO", "severity", "pair", "burn rate", "errors", "fires after", "+ recording", "resets after", "spent")
_LONGEST_SHOWN = {"s": (1, 120), "min": (60, 7_200), "h": (3_600, 172_800), "d": (86_400, None)}


@dataclass(frozen=True)
class Prediction:
    """What one pair does at one error ratio; the last four are None where it never fires."""

    slo: str
    severity: str
    long: str
    short: str
    burn_rate: Decimal
    error_ratio: Decimal
    detection_seconds: Decimal | None
    recording_delay_seconds: Decimal | None
    reset_seconds: Decimal | None
    budget_spent_ratio: Decimal | None


def predictions(guarded: Iterable[Guarded], error_ratios: Sequence[Decimal]) -> list[Prediction]:
    """One prediction for each SLO, pair and error ratio."""
    return [
        Prediction(
            slo=entry.slo.name,
            severity=str(pair.severity),
            long=pair.long.text,
            short=pair.short.text,
            burn_rate=pair.burn_rate,
            error_ratio=ratio,
            detection_seconds=predict.detection_seconds(entry.slo.objective, pair, ratio),
            recording_delay_seconds=predict.recording_delay_seconds(entry.slo.objective, pair, ratio),
            reset_seconds=predict.reset_seconds(entry.slo.objective, pair, ratio),
            budget_spent_ratio=predict.budget_spent_ratio(entry.slo.objective, pair, ratio),
        )
        for entry in guarded
        for ratio in error_ratios
        for pair in entry.policy.pairs
    ]


def to_json(rows: Iterable[Prediction]) -> str:
    """A JSON list of objects, numbers as numbers and null where a pair never fires."""
    return json.dumps([{name: _number(value) for name, value in vars(row).items()} for row in rows], indent=2)


def to_table(rows: Iterable[Prediction]) -> str:
    """Aligned columns for a terminal."""
    lines = [_HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _cells(row: Prediction) -> tuple[str, ...]:
    return (
        row.slo,
        row.severity,
        f"{row.short}@{row.long}",
        plain(row.burn_rate),
        _percent(row.error_ratio),
        _duration(row.detection_seconds),
        _duration(row.recording_delay_seconds),
        _duration(row.reset_seconds),
        "-" if row.budget_spent_ratio is None else _percent(row.budget_spent_ratio),
    )


def _duration(seconds: Decimal | None) -> str:
    """Seconds in the unit that a person would use, to five digits."""
    if seconds is None:
        return "never"
    unit, length = next(
        (unit, length) for unit, (length, limit) in _LONGEST_SHOWN.items() if limit is None or seconds < limit
    )
    return f"{plain(Decimal(f'{seconds / length:.5g}'))} {unit}"


def _percent(ratio: Decimal) -> str:
    return f"{plain(ratio * 100)} %"


def _number(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value
