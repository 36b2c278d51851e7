"""The predictions of a policy as a table or as JSON."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from slo import predict, shown
from slo.guarded import Guarded
from slo.model import Pair, plain

_HEADINGS = ("SLO", "severity", "pair", "burn rate", "errors", "fires after", "+ recording", "resets after", "spent")


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


def predictions(
    guarded: Iterable[Guarded], error_ratios: Sequence[Decimal], events_per_second: Decimal | None = None
) -> list[Prediction]:
    """One prediction for each SLO, pair and error ratio; guards count where the traffic is given."""
    return [
        _prediction(entry, pair, ratio, events_per_second)
        for entry in guarded
        for ratio in error_ratios
        for pair in entry.policy.pairs
    ]


def _prediction(entry: Guarded, pair: Pair, ratio: Decimal, events_per_second: Decimal | None) -> Prediction:
    objective = entry.slo.objective
    detection = predict.detection_seconds(objective, pair, ratio, 1, events_per_second)
    fires = detection is not None
    return Prediction(
        slo=entry.slo.name,
        severity=str(pair.severity),
        long=pair.long.text,
        short=pair.short.text,
        burn_rate=pair.burn_rate,
        error_ratio=ratio,
        detection_seconds=detection,
        recording_delay_seconds=predict.recording_delay_seconds(objective, pair, ratio) if fires else None,
        reset_seconds=predict.reset_seconds(objective, pair, ratio) if fires else None,
        budget_spent_ratio=predict.budget_spent_ratio(objective, pair, ratio, events_per_second),
    )


def to_json(rows: Iterable[Prediction]) -> str:
    """A JSON list of objects, numbers as numbers and null where a pair never fires."""
    return json.dumps([{name: _number(value) for name, value in vars(row).items()} for row in rows], indent=2)


def to_table(rows: Iterable[Prediction]) -> str:
    """Aligned columns for a terminal."""
    return shown.table(_HEADINGS, (_cells(row) for row in rows))


def _cells(row: Prediction) -> tuple[str, ...]:
    return (
        row.slo,
        row.severity,
        f"{row.short}@{row.long}",
        plain(row.burn_rate),
        shown.percent(row.error_ratio),
        shown.duration(row.detection_seconds),
        shown.duration(row.recording_delay_seconds),
        shown.duration(row.reset_seconds),
        "-" if row.budget_spent_ratio is None else shown.percent(row.budget_spent_ratio),
    )


def _number(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value
