"""The predictions of a policy as a picture: when each pair fires over all error ratios, and where it is dead."""

from decimal import Decimal
from math import log10

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from slo import chart, coverage, predict, shown
from slo.guarded import Guarded
from slo.model import Pair, Severity, plain

_TICKS_SECONDS = (1, 10, 60, 600, 3_600, 21_600, 86_400, 604_800, 2_592_000)
_POINTS = 200


def draw(guarded: list[Guarded]) -> Figure:
    """A row for each SLO: detection time on the left, budget spent at the moment of the alert on the right."""
    with chart.style():
        figure = Figure(figsize=(12, 4.8 * len(guarded)), layout="constrained")
        rows = figure.subplots(len(guarded), 2, squeeze=False, width_ratios=[2, 1])
        for (times, budgets), entry in zip(rows, guarded, strict=True):
            _draw_times(times, entry)
            _draw_budgets(budgets, entry)
    return figure


def _draw_times(panel: Axes, entry: Guarded) -> None:
    """Detection over error ratio, both logarithmic; a tail at the left end shows where the pair is dead."""
    slo, budget = entry.slo, float(entry.slo.objective.error_budget)
    left = budget / 3
    for pair, colour in zip(entry.policy.pairs, _colours(entry), strict=True):
        threshold = float(pair.threshold(slo.objective))
        ratios = [ratio for ratio in _grid(left) if predict.fires(slo.objective, pair, ratio)]
        seconds = [float(predict.detection_seconds(slo.objective, pair, ratio) or 0) for ratio in ratios]
        dashes = "-" if pair.severity is Severity.PAGE else "--"
        label = f"{pair.severity} {pair.name}, burn rate {plain(pair.burn_rate)}"
        panel.plot([float(ratio) for ratio in ratios], seconds, color=colour, ls=dashes, lw=2, label=label)
        if ratios:
            panel.plot([threshold], [pair.long.seconds], marker="x", color=colour, ms=8, mew=2)
    _draw_exhaustion(panel, entry, left)
    _shade(panel, entry, left)
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xlim(left, 1)
    panel.set_yticks(_TICKS_SECONDS)
    panel.yaxis.set_major_formatter(FuncFormatter(lambda seconds, _: shown.duration(seconds)))
    panel.yaxis.set_minor_formatter(FuncFormatter(lambda _seconds, _: ""))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda ratio, _: f"{ratio * 100:g} %"))
    panel.set_xlabel("steady error ratio after a clean past (x: below this the pair is dead)")
    panel.set_ylabel("time until it fires")
    objective = f"{plain(slo.objective.target * 100)} % over {slo.objective.period}"
    panel.set_title(f"{slo.title}: {objective}, policy {entry.policy.name}", loc="left", fontweight="bold")
    panel.legend(loc="lower left", frameon=False, fontsize=8)


def _draw_exhaustion(panel: Axes, entry: Guarded, left: float) -> None:
    budget, period = float(entry.slo.objective.error_budget), entry.slo.objective.period.seconds
    ratios = [ratio for ratio in map(float, _grid(left)) if ratio >= budget]
    gone = [budget * period / ratio for ratio in ratios]
    panel.plot(ratios, gone, color=chart.INK, lw=1, ls=":", label="the whole budget is gone")


def _shade(panel: Axes, entry: Guarded, left: float) -> None:
    budget = float(entry.slo.objective.error_budget)
    panel.axvspan(left, budget, color=chart.GOOD, alpha=0.10, lw=0)
    _note(panel, "objective\nkept", left, budget)
    found = coverage.gap(entry.slo, entry.policy)
    if found:
        panel.axvspan(float(found.low), float(found.high), color=chart.BAD, alpha=0.12, lw=0)
        _note(panel, "missed before\nany alert", float(found.low), float(found.high))


def _note(panel: Axes, text: str, low: float, high: float) -> None:
    """Words in the middle of a stretch of error ratios, where no line is."""
    centre = 10 ** ((log10(low) + log10(high)) / 2)
    place = (centre, 0.45)
    panel.annotate(text, place, xycoords=("data", "axes fraction"), ha="center", va="center", fontsize=8)


def _draw_budgets(panel: Axes, entry: Guarded) -> None:
    pairs = entry.policy.pairs
    spent = [float(pair.burn_rate * pair.long.seconds / entry.slo.objective.period.seconds) * 100 for pair in pairs]
    bars = panel.barh([_name(entry, pair) for pair in pairs], spent, color=_colours(entry))
    panel.bar_label(bars, fmt="%g %%", padding=3)
    panel.invert_yaxis()
    panel.set_xlim(0, 112)
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))
    panel.set_xlabel("error budget spent when it fires")
    panel.set_title("What an alert costs", loc="left", fontweight="bold")


def _name(entry: Guarded, pair: Pair) -> str:
    return f"{pair.severity} {pair.name}" + (" (dead)" if coverage.is_dead(entry.slo, pair) else "")


def _colours(entry: Guarded) -> list[str]:
    return [chart.COLOURS[index % len(chart.COLOURS)] for index in range(len(entry.policy.pairs))]


def _grid(left: float) -> list[Decimal]:
    """Error ratios from `left` to 1, in equal steps of their logarithm."""
    steps = (log10(left) * (1 - index / _POINTS) for index in range(_POINTS + 1))
    return [min(Decimal(1), Decimal(f"{10**step:.6g}")) for step in steps]
