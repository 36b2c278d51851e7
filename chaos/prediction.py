"""When the page must arrive: the alert policy's own arithmetic, and how exactly it can be measured."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import sqrt

from chaos.errors import UserMistake
from chaos.lab.scaling import Intervals
from slo import predict
from slo.model import Pair, Policy, Slo

HANDLING_SECONDS = 0.5
"""Encoding, sending, storing and evaluating themselves, on a busy machine; the same at every scale."""


@dataclass(frozen=True)
class Prediction:
    """Seconds from the fault to the page, were scraping, evaluating and notifying instantaneous.

    `failure_seconds` pass before a broken request is counted as failed (the service's own timeout);
    `detection_seconds` is (1 - SLO) / error ratio x long window x burn rate, and what recordings add to it. The
    `error_bar` names what comes on top: at most one interval of each stage, the work that each stage does, and twice
    the standard deviation of random arrivals.
    """

    error_ratio: float
    failure_seconds: float
    detection_seconds: float
    reset_seconds: float
    budget_spent_ratio: float
    error_bar: dict[str, float]

    @property
    def page_seconds(self) -> float:
        return self.failure_seconds + self.detection_seconds

    @property
    def error_bar_seconds(self) -> float:
        return sum(self.error_bar.values())

    @property
    def latest_seconds(self) -> float:
        return self.page_seconds + self.error_bar_seconds

    @property
    def earliest_seconds(self) -> float:
        """Before this, the page came from cold windows: only the arrivals' randomness can make it early."""
        return self.page_seconds - self.error_bar["arrivals"]


@dataclass(frozen=True)
class Traffic:
    """The load as it is: arrivals per second, the share that fails, and how long a failure takes."""

    arrivals_per_second: float
    error_ratio: float
    failure_seconds: float


def pair_of(policy: Policy, severity: str, long_window: str) -> Pair:
    """The policy's pair for a severity and a nominal long window; UserMistake lists what there is."""
    for pair in policy.pairs:
        if (pair.severity, pair.long.text) == (severity, long_window):
            return pair
    known = ", ".join(f"{pair.severity} {pair.long.text}" for pair in policy.pairs)
    raise UserMistake(f"policy {policy.name} has no {severity} on {long_window}; expected one of: {known}")


def predict_page(slo: Slo, pair: Pair, traffic: Traffic, scale: int, pace: Intervals) -> Prediction | None:
    """The prediction for a steady error ratio; None if the pair never fires at it."""
    ratio = Decimal(str(round(traffic.error_ratio, 6)))
    detection = predict.detection_seconds(slo.objective, pair, ratio, scale)
    reset = predict.reset_seconds(slo.objective, pair, ratio, scale)
    delay = predict.recording_delay_seconds(slo.objective, pair, ratio, scale)
    spent = predict.budget_spent_ratio(slo.objective, pair, ratio)
    if detection is None or delay is None or reset is None or spent is None:
        return None
    detection += delay
    failures = float(detection) * traffic.arrivals_per_second * traffic.error_ratio
    return Prediction(
        error_ratio=float(ratio),
        failure_seconds=traffic.failure_seconds,
        detection_seconds=float(detection),
        reset_seconds=float(reset),
        budget_spent_ratio=float(spent),
        error_bar={
            "export": pace.export_seconds,
            "scrape": pace.scrape_seconds,
            "evaluation": pace.evaluation_seconds,
            "group_wait": pace.group_wait_seconds,
            "handling": HANDLING_SECONDS,
            "arrivals": 2 * float(detection) / sqrt(max(failures, 1.0)),
        },
    )
