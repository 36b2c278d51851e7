"""What a policy promises for a steady error ratio that follows a clean past.

Formulas: Google SRE Workbook, chapter "Alerting on SLOs". They take windows as exact;
`recording_delay_seconds` gives what the 5m recordings behind the long windows add.
"""

from decimal import Decimal

from slo.model import Objective, Pair
from slo.pace import RECORDING_WINDOW, reads_recordings


def fires(objective: Objective, pair: Pair, error_ratio: Decimal) -> bool:
    """Whether a steady error ratio ever fires the pair."""
    return error_ratio > pair.threshold(objective)


def detection_seconds(
    objective: Objective,
    pair: Pair,
    error_ratio: Decimal,
    scale: int = 1,
    events_per_second: Decimal | None = None,
) -> Decimal | None:
    """Seconds from the first error until the pair fires; None if never.

    (1 - SLO) / error ratio x long x burn rate, and the time for which the pair has to hold. A guard counts where the
    traffic is known: the pair waits for the failures that it asks for, and never fires where its window holds too few.
    """
    if not fires(objective, pair, error_ratio):
        return None
    burned = pair.threshold(objective) * pair.long.seconds / (error_ratio * scale)
    hold = Decimal(0 if pair.hold is None else pair.hold.seconds) / scale
    if pair.guard is None or events_per_second is None:
        return burned + hold
    held = events_per_second * pair.long.seconds / scale
    if held < pair.guard.events or held * error_ratio < pair.guard.failures:
        return None
    return max(burned, pair.guard.failures / (events_per_second * error_ratio)) + hold


def reset_seconds(objective: Objective, pair: Pair, error_ratio: Decimal, scale: int = 1) -> Decimal | None:
    """Seconds from the last error until the pair stops firing; None if it never fired.

    short x (1 - threshold / error ratio), where the errors had filled the short window.
    """
    if not fires(objective, pair, error_ratio):
        return None
    excess = error_ratio - pair.threshold(objective)
    return pair.short.seconds * excess / (error_ratio * scale)


def budget_spent_ratio(
    objective: Objective, pair: Pair, error_ratio: Decimal, events_per_second: Decimal | None = None
) -> Decimal | None:
    """The share of the budget that is gone when the pair fires; None if never.

    burn rate x long / period, and more where the pair has to hold, or to wait for its guard.
    """
    seconds = detection_seconds(objective, pair, error_ratio, 1, events_per_second)
    if seconds is None:
        return None
    plainly = pair.burn_rate * pair.long.seconds / objective.period.seconds
    burned = pair.threshold(objective) * pair.long.seconds / error_ratio
    waited = (seconds - burned) * error_ratio / (objective.error_budget * objective.period.seconds)
    return plainly + waited


def recording_delay_seconds(objective: Objective, pair: Pair, error_ratio: Decimal, scale: int = 1) -> Decimal | None:
    """Seconds by which the 5m recordings delay the detection; 0 where the long window reads raw series.

    A recorded rate climbs for 5m before it shows the full error ratio: t seconds of errors count as
    t^2 / (2 x 5m) while t < 5m, and as t - 5m / 2 after that. Evaluation intervals come on top.
    """
    ideal = detection_seconds(objective, pair, error_ratio, scale)
    if ideal is None:
        return None
    if not reads_recordings(pair.long):
        return Decimal(0)
    ramp = Decimal(RECORDING_WINDOW.seconds) / scale
    return ramp / 2 if ideal >= ramp / 2 else (2 * ramp * ideal).sqrt() - ideal
