"""The expressions of one SLO in PromQL.

Two rules hold everywhere: an absent series of errors means no errors, and no traffic means no sample, never
NaN. Every expression aggregates all labels away but those that the SLO keeps apart, so that any two can be compared.
"""

from collections.abc import Callable
from decimal import Decimal

from slo import names
from slo.errors import SloError
from slo.indicator import NativeHistogram
from slo.model import Pair, Slo, Window, plain
from slo.pace import (
    LONGEST_FINE_WINDOW,
    LONGEST_RAW_WINDOW,
    RECORDING_WINDOW,
    is_sparse,
    reads_recordings,
    spacing_seconds,
)
from slo.query import summed

__all__ = ["LONGEST_FINE_WINDOW", "LONGEST_RAW_WINDOW", "RECORDING_WINDOW", "is_sparse", "reads_recordings", "summed"]

Reader = Callable[[Slo, Window, int], str]

STALE_BEFORE, STALE_OFFSET = Window("1h"), Window("15m")
STALE_EVENTS = 60
"""Events that the hour before made one expect, of which not a single one came: no chance, but a fault."""


def requests(slo: Slo, window: Window, scale: int) -> str:
    """Requests a second, from the raw series."""
    return slo.indicator.events(window, scale, slo.groups)


def errors(slo: Slo, window: Window, scale: int) -> str:
    """Bad requests a second, from the raw series; 0 where requests are counted and errors are not."""
    return slo.indicator.failures(window, scale, slo.groups)


def error_ratio(slo: Slo, window: Window, scale: int) -> str:
    """The share of bad requests over a window.

    Up to 1h it reads the raw series, so that a page need not wait for a recording. Longer windows sum the
    recorded 5m rates, which weighs each moment by its traffic; an average of recorded ratios would let one
    quiet night count as much as a busy day.
    """
    if not reads_recordings(window):
        return f"(\n{_indented(errors(slo, window, scale))}\n) / ({requests(slo, window, scale)} > 0)"
    bad, total = (_total(slo, metric, window, scale) for metric in recordings(window))
    return f"{bad}\n/ ({total} > 0)"


def period_sum(slo: Slo, dense: str, summed_up: str) -> str:
    """A recorded rate, added to what it summed up to before; that counts only within the period that it began in.

    Before the first period has begun there is nothing to sum.
    """
    now = summed(names.series(dense, slo.name), slo.groups)
    before = summed(f"last_over_time({names.series(summed_up, slo.name)}[1d])", slo.groups)
    same = f"last_over_time({names.series(names.SINCE_START, slo.name)}[1d]) == {period_start_recorded(slo)}"
    sums = f"(\n  {now} + ({before} and on () ({same}))\n  or {now}\n)"
    return f"{sums}\nand on () {period_start_recorded(slo)}"


def period_error_ratio(slo: Slo) -> str:
    """The share of bad requests since the period began, where it began with a date."""
    bad, total = (
        summed(names.series(metric, slo.name), slo.groups)
        for metric in (names.SINCE_START_ERRORS, names.SINCE_START_REQUESTS)
    )
    return f"{bad} / ({total} > 0)"


def period_start_recorded(slo: Slo) -> str:
    return names.series(names.PERIOD_START, slo.name)


def period_start(slo: Slo) -> str:
    """When the current period began, in unix seconds: a sum of steps, each taken when its time has come.

    No sample before the first of them.
    """
    calendar = slo.objective.calendar
    if calendar is None:
        raise ValueError("expected an SLO whose period begins with a date")
    first, *later = calendar.starts()
    begun = f"and vector(time()) >= {first}"
    if not later:
        length = calendar.nominal_seconds
        return f"vector(time() - (time() - {first}) % {length}) {begun}"
    steps = (
        f"{after - before} * (time() >= bool {after})" for before, after in zip((first, *later), later, strict=False)
    )
    terms = list(steps)
    # In parentheses of a dozen: Prometheus takes the square of the depth to evaluate a sum of hundreds of terms.
    dozens = (f"({' + '.join(terms[at : at + 12])})" for at in range(0, len(terms), 12))
    table = "\n  + ".join((str(first), *dozens))
    return f"vector(\n  {table}\n) {begun}"


def recorded_ratio(slo: Slo, window: str) -> str:
    """The recorded share of bad requests over a window."""
    return summed(names.series(names.ERROR_RATIO, slo.name, window), slo.groups)


def burns(slo: Slo, pair: Pair, scale: int) -> str:
    """Both windows of the pair are above its threshold; the value is the error ratio of the long one."""
    threshold = plain(pair.threshold(slo.objective))
    windows = dict.fromkeys((pair.long.text, pair.short.text))
    parts = [f"{recorded_ratio(slo, window)} > {threshold}" for window in windows]
    return "\nand\n".join([*parts, *_enough(slo, pair, scale)])


def budget_remaining(slo: Slo) -> str:
    """The share of the period's error budget that is left; negative once the objective is missed."""
    return f"1 - {recorded_ratio(slo, period_name(slo))} / {plain(slo.objective.error_budget)}"


def period_name(slo: Slo) -> str:
    """The window label of the whole period."""
    calendar = slo.objective.calendar
    return slo.objective.period.text if calendar is None else calendar.name


def objective(slo: Slo) -> str:
    """The objective as a constant series."""
    return f"vector({plain(slo.objective.target)})"


def period_seconds(slo: Slo, scale: int) -> str:
    """The usual length of the period as a constant series."""
    return f"vector({plain(Decimal(slo.objective.period.seconds) / scale)})"


def telemetry_absent(slo: Slo, scale: int = 1) -> str:
    """1 while no series counts requests."""
    if isinstance(slo.indicator, NativeHistogram):
        return f"absent(sum({slo.indicator.selector}))"
    try:
        return f"absent(sum({slo.total}))"
    except SloError:
        return f"absent({slo.indicator.events(RECORDING_WINDOW, scale, ())})"


def telemetry_stale(slo: Slo, scale: int) -> str:
    """Requests were many until a moment ago, and not a single one has come since."""
    recorded = names.series(names.REQUESTS, slo.name)
    before = f"avg_over_time({recorded}[{STALE_BEFORE.scaled(scale)}] offset {STALE_OFFSET.scaled(scale)})"
    expected = Decimal(STALE_EVENTS) / (Decimal(STALE_OFFSET.seconds) / scale)
    rate = plain(Decimal(f"{expected:.6g}"))
    return f"{summed(before, slo.groups)} > {rate}\nunless\n{summed(recorded, slo.groups)} > 0"


def errors_above_total(slo: Slo, scale: int) -> str | None:
    """More bad, or more good, requests than requests; None where that cannot be, or is no contradiction."""
    if slo.part_may_exceed:
        return None
    return slo.indicator.contradiction(RECORDING_WINDOW, scale, slo.groups)


def time_left(slo: Slo, ratio: str, scale: int) -> str:
    """Seconds until the budget is gone if errors go on at `ratio`, a PromQL number; no sample once it is."""
    seconds = slo.objective.error_budget * slo.objective.period.seconds / Decimal(scale)
    return f"{names.series(names.BUDGET_REMAINING, slo.name)} * {plain(seconds)} / {ratio} > 0"


def _enough(slo: Slo, pair: Pair, scale: int) -> list[str]:
    """What the guard of a pair asks of its long window."""
    if pair.guard is None:
        return []
    wanted = ((pair.guard.events, requests, 1), (pair.guard.failures, errors, 0))
    return [f"{_count(slo, read, which, pair.long, scale)} >= {least}" for least, read, which in wanted if least]


def _count(slo: Slo, read: Reader, which: int, window: Window, scale: int) -> str:
    """How many events a window holds."""
    if reads_recordings(window):
        spacing = plain(spacing_seconds(window, scale))
        return f"{_total(slo, recordings(window)[which], window, scale)} * {spacing}"
    return f"({read(slo, window, scale)}) * {plain(Decimal(window.seconds) / scale)}"


def recordings(window: Window) -> tuple[str, str]:
    """The recorded errors and requests that a long window sums."""
    return (names.PERIOD_ERRORS, names.PERIOD_REQUESTS) if is_sparse(window) else (names.ERRORS, names.REQUESTS)


def _total(slo: Slo, metric: str, window: Window, scale: int) -> str:
    return summed(f"sum_over_time({names.series(metric, slo.name)}[{window.scaled(scale)}])", slo.groups)


def _indented(expression: str) -> str:
    return "\n".join(f"  {line}" for line in expression.splitlines())
