"""The expressions of one SLO in PromQL.

Two rules hold everywhere: an absent series of errors means no errors, and no traffic means no sample, never
NaN. Every expression aggregates its labels away, so that any two can be compared.
"""

from decimal import Decimal

from slo import names
from slo.model import Pair, Slo, Window, plain

RECORDING_WINDOW = Window("5m")
LONGEST_RAW_WINDOW = Window("1h")
LONGEST_FINE_WINDOW = Window("3d")


def reads_recordings(window: Window) -> bool:
    """Whether the window is too long to read from the raw series at each evaluation."""
    return window.seconds > LONGEST_RAW_WINDOW.seconds


def recordings(window: Window) -> tuple[str, str]:
    """The recorded errors and requests that a long window sums.

    Above 3d they are those that are written only once in 5m: as each covers 5m, they count every request once, and a
    window of 30d reads a tenth of what the fine ones hold.
    """
    if window.seconds > LONGEST_FINE_WINDOW.seconds:
        return names.PERIOD_ERRORS, names.PERIOD_REQUESTS
    return names.ERRORS, names.REQUESTS


def requests(slo: Slo, window: Window, scale: int) -> str:
    """Requests a second, from the raw series."""
    return f"sum(rate({slo.total}[{window.scaled(scale)}]))"


def errors(slo: Slo, window: Window, scale: int) -> str:
    """Bad requests a second, from the raw series; 0 where requests are counted and errors are not."""
    return f"sum(rate({slo.bad}[{window.scaled(scale)}]))\nor 0 * {requests(slo, window, scale)}"


def error_ratio(slo: Slo, window: Window, scale: int) -> str:
    """The share of bad requests over a window.

    Up to 1h it reads the raw series, so that a page need not wait for a recording. Longer windows sum the
    recorded 5m rates, which weighs each moment by its traffic; an average of recorded ratios would let one
    quiet night count as much as a busy day.
    """
    if not reads_recordings(window):
        return f"(\n{_indented(errors(slo, window, scale))}\n) / ({requests(slo, window, scale)} > 0)"
    bad, total = (
        f"sum(sum_over_time({names.series(metric, slo.name)}[{window.scaled(scale)}]))" for metric in recordings(window)
    )
    return f"{bad}\n/ ({total} > 0)"


def burns(slo: Slo, pair: Pair, scale: int) -> str:
    """Both windows of the pair are above its threshold; the value is the error ratio of the long one."""
    threshold = plain(pair.threshold(slo.objective))
    long, short = (
        f"(\n{_indented(error_ratio(slo, window, scale))}\n) > {threshold}" for window in (pair.long, pair.short)
    )
    return f"{long}\nand\n{short}"


def budget_remaining(slo: Slo) -> str:
    """The share of the period's error budget that is left; negative once the objective is missed."""
    spent = names.series(names.ERROR_RATIO, slo.name, slo.objective.period.text)
    return f"1 - sum({spent}) / {plain(slo.objective.error_budget)}"


def objective(slo: Slo) -> str:
    """The objective as a constant series."""
    return f"vector({plain(slo.objective.target)})"


def telemetry_absent(slo: Slo) -> str:
    """1 while no series counts requests."""
    return f"absent(sum({slo.total}))"


def time_left(slo: Slo, ratio: str, scale: int) -> str:
    """Seconds until the budget is gone if errors go on at `ratio`, a PromQL number; no sample once it is."""
    seconds = slo.objective.error_budget * slo.objective.period.seconds / Decimal(scale)
    return f"{names.series(names.BUDGET_REMAINING, slo.name)} * {plain(seconds)} / {ratio} > 0"


def _indented(expression: str) -> str:
    return "\n".join(f"  {line}" for line in expression.splitlines())
