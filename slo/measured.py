"""What Prometheus has measured about an SLO: error ratios, and whether it measures at all.

Where the recorded series of the rules are there, they are read; else the same traffic-weighted ratio is computed
from the raw counters. An error ratio is None where nothing was counted: never 0, never healthy.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from slo import names, promql
from slo.model import Slo, Window

if TYPE_CHECKING:
    from slo.prometheus import Prometheus


class Source(StrEnum):
    """Where the ratios come from."""

    RECORDED = "recorded"
    COMPUTED = "computed"


class Telemetry(StrEnum):
    """Whether requests are counted now, and whether there were any over the period."""

    PRESENT = "present"
    IDLE = "idle"
    ABSENT = "absent"


# Labels of the recorded series that tell no group of an SLO from another.
_OWN = frozenset({names.SLO, names.SERVICE, names.WINDOW, names.SEVERITY})


@dataclass(frozen=True)
class Moment:
    """Which Prometheus, when (unix seconds), and how much faster time runs there."""

    prometheus: "Prometheus"
    at: float
    scale: int = 1


def source(slo: Slo, moment: Moment) -> Source:
    """Recorded where the rules have written the period's ratio lately."""
    recorded = names.series(names.ERROR_RATIO, slo.name, promql.period_name(slo))
    return Source.RECORDED if moment.prometheus.instant(recorded, moment.at) else Source.COMPUTED


def error_ratios(slo: Slo, window: Window, moment: Moment, where: Source) -> dict[str, float]:
    """The error ratio by group ("" where the SLO has none); nothing where no request was counted."""
    expression = (
        names.series(names.ERROR_RATIO, slo.name, window.text)
        if where is Source.RECORDED
        else computed_ratio(slo, window, moment.scale)
    )
    found = {group(one.labels): one.value for one in moment.prometheus.instant(expression, moment.at)}
    if not found and where is Source.RECORDED:
        # This window is not recorded; the answer is still in the counters.
        return error_ratios(slo, window, moment, Source.COMPUTED)
    return found


def period_error_ratios(slo: Slo, moment: Moment, where: Source) -> dict[str, float]:
    """The error ratio of the whole period by group; of a calendar period, since it began."""
    if where is Source.RECORDED:
        expression = names.series(names.ERROR_RATIO, slo.name, promql.period_name(slo))
        return {group(one.labels): one.value for one in moment.prometheus.instant(expression, moment.at)}
    return error_ratios(slo, period_window(slo, moment.at), moment, where)


def period_window(slo: Slo, at: float) -> Window:
    """How far the period reaches back at this moment: its whole length, or to the date with which it began."""
    calendar = slo.objective.calendar
    if calendar is None:
        return slo.objective.period
    first, *later = calendar.starts()
    begun = max(start for start in (first, *later) if start <= at or start == first)
    if not later:
        begun += max(0, int(at - begun)) // calendar.nominal_seconds * calendar.nominal_seconds
    return Window(f"{max(1, int(at - begun) // 60)}m")


def events(slo: Slo, window: Window, moment: Moment) -> tuple[dict[str, float], dict[str, float]]:
    """How many events and failures a window held, by group, from the raw series."""
    seconds = window.seconds / moment.scale
    total, bad = (
        {group(one.labels): one.value * seconds for one in moment.prometheus.instant(expression, moment.at)}
        for expression in (promql.requests(slo, window, moment.scale), promql.errors(slo, window, moment.scale))
    )
    return total, bad


def computed_ratio(slo: Slo, window: Window, scale: int) -> str:
    """The traffic-weighted ratio over a window of any length, from the raw series."""
    bad = promql.errors(slo, window, scale)
    return f"(\n{bad}\n) / ({promql.requests(slo, window, scale)} > 0)"


def telemetry(slo: Slo, moment: Moment, counted: bool) -> Telemetry:
    """Absent where no series counts requests now; idle where none came over the period."""
    if moment.prometheus.instant(promql.telemetry_absent(slo, moment.scale), moment.at):
        return Telemetry.ABSENT
    return Telemetry.PRESENT if counted else Telemetry.IDLE


def history_ratio(slo: Slo, moment: Moment) -> float:
    """The share of the period in which requests were counted, to a 240th; 1 is full history."""
    window = period_window(slo, moment.at)
    step = max(1, window.seconds * 1_000 // (240 * moment.scale))
    period = window.scaled(moment.scale)
    counted = f"count_over_time(({promql.requests(slo, promql.LONGEST_RAW_WINDOW, moment.scale)})[{period}:{step}ms])"
    steps = moment.prometheus.number(f"max({counted})", moment.at) or 0
    return min(1.0, steps / 240)


def group(labels: dict[str, str]) -> str:
    """The name of a group of an SLO by the labels that set it apart."""
    return ",".join(f"{name}={value}" for name, value in sorted(labels.items()) if name not in _OWN)
