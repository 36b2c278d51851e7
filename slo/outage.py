"""The timetable of a made-up outage: when a pair of windows has to be silent and when it has to fire."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from slo import pace, predict
from slo.model import Objective, Pair
from slo.traffic import Traffic

# An outage at eight times the threshold is detected after an eighth of the long window.
_FACTOR = 8


@dataclass(frozen=True)
class Outage:
    """Moments in seconds, each on an evaluation step and one step clear of the prediction."""

    error_ratio: Decimal
    clean: Decimal
    starts: int
    still_silent: int
    firing: int
    ends: int
    still_firing: int
    silent_again: int


def outage(objective: Objective, pair: Pair, step: int, made: Traffic, wanted: Decimal | None = None) -> Outage:
    """An outage that follows a clean long window and lasts until the pair fires and its short window is full.

    Without a `wanted` error ratio it is one at which the pair fires after a while and not at once.
    """
    usual = min(Decimal(1), pair.threshold(objective) * _FACTOR) if made.exact else Decimal(1)
    ratio = usual if wanted is None else wanted
    detection = _known(predict.detection_seconds(objective, pair, ratio))
    delay = _known(predict.recording_delay_seconds(objective, pair, ratio))
    reset = _known(predict.reset_seconds(objective, pair, ratio))
    tail = made.lag_seconds + (pace.RECORDING_WINDOW.seconds if pace.reads_recordings(pair.short) else 0)
    starts = up(pair.long.seconds, step) + 2 * step
    firing = starts + up(detection + delay + made.lag_seconds, step) + step
    ends = max(firing, starts + up(pair.short.seconds, step)) + step
    return Outage(
        error_ratio=ratio,
        clean=Decimal(0),
        starts=starts,
        still_silent=starts + up(detection, step) - 2 * step,
        firing=firing,
        ends=ends,
        still_firing=ends + up(reset, step) - 2 * step,
        silent_again=ends + up(reset + tail, step) + step,
    )


def up(seconds: Decimal | int, step: int) -> int:
    """The first whole step at or after this moment."""
    return int((Decimal(seconds) / step).to_integral_value(ROUND_CEILING)) * step


def _known(seconds: Decimal | None) -> Decimal:
    if seconds is None:
        raise ValueError("the pair never fires; expected a policy that fits the objective")
    return seconds
