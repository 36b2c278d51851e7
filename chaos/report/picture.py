"""The timeline as a picture: load and errors, burn rates against their thresholds, and the marks."""

from __future__ import annotations

import io
from collections import Counter
from math import floor
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chaos.measurement import Measurement
from chaos.timeline import MARKS, Timeline

_GOOD, _BAD, _SHORT, _LONG, _INK = "#3b8ea5", "#d1495b", "#edae49", "#30638e", "#2b2d42"
_PHASES = (
    ("detect", "fault_injected", "notified", "#f8d7da"),
    ("mitigate", "notified", "mitigated", "#fff3cd"),
    ("recover", "mitigated", "resolved", "#d8f3dc"),
)
_STYLE: dict[Any, Any] = {
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "svg.hashsalt": "gameday",
}


def draw(measurement: Measurement) -> Figure:
    """Three panels over one axis: seconds since the fault, or since the start where there was none."""
    zero = measurement.timeline.at("fault_injected") or measurement.span.start
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(11, 8.6), layout="constrained")
        load, burn, marks = figure.subplots(3, 1, sharex=True, height_ratios=[1, 1.2, 1.5])
        _draw_load(load, measurement, zero)
        _draw_burn(burn, measurement, zero)
        _draw_marks(marks, measurement.timeline, zero)
        for panel in (load, burn, marks):
            _shade(panel, measurement.timeline, zero, label=panel is load)
        first = min((one.intended for one in measurement.requests), default=measurement.span.start)
        marks.set_xlim(max(first, zero - 20) - zero, measurement.span.end - zero)
        marks.set_xlabel(f"seconds since the fault (scaled k={measurement.order.scale})")
    return figure


def svg(figure: Figure) -> str:
    """The picture as an SVG element for an HTML page."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    document = text.getvalue()
    return document[document.index("<svg") :]


def _draw_load(panel: Axes, measurement: Measurement, zero: float) -> None:
    """Requests by the second, counted from the fault, in which they were meant to be sent."""
    counted = Counter((floor(one.intended - zero), one.ok) for one in measurement.requests)
    seconds = sorted({second for second, _ in counted})
    good = [counted[second, True] for second in seconds]
    panel.bar(seconds, good, width=1.0, align="edge", color=_GOOD, label="answered well")
    bad = [counted[second, False] for second in seconds]
    panel.bar(seconds, bad, width=1.0, align="edge", color=_BAD, bottom=good, label="failed")
    panel.set_ylabel("requests/s")
    panel.set_title("Load, by intended send time", loc="left", fontweight="bold")
    panel.legend(loc="upper right", ncols=2, frameon=False)


def _draw_burn(panel: Axes, measurement: Measurement, zero: float) -> None:
    """Burn rates of the expected pair on a logarithmic axis, with the pair's threshold."""
    order = measurement.order
    budget = float(order.slo.objective.error_budget)
    for window, colour, role in ((order.pair.short, _SHORT, "short"), (order.pair.long, _LONG, "long")):
        curve = measurement.observed.ratios[window.text]
        burn = [max(ratio / budget, 0.05) for _, ratio in curve]
        panel.plot([at - zero for at, _ in curve], burn, color=colour, lw=1.8, label=f"{window} ({role} window)")
    limit = float(order.pair.burn_rate)
    panel.axhline(limit, color=_BAD, ls="--", lw=1, label=f"page above {limit:g} in both windows")
    panel.set_yscale("log")
    panel.set_ylabel("burn rate")
    panel.set_title("Error budget burn, as Prometheus saw it", loc="left", fontweight="bold")
    panel.legend(loc="lower center", ncols=3, frameon=False)


def _draw_marks(panel: Axes, timeline: Timeline, zero: float) -> None:
    for mark in timeline.marks:
        row = MARKS.index(mark.name)
        at = mark.at - zero
        panel.errorbar(at, row, xerr=mark.error_bar_seconds, fmt="o", ms=5, color=_INK, ecolor=_BAD, capsize=3)
        label = f"{mark.name.replace('_', ' ')}  {at:+.2f} s"
        late = mark.at > (timeline.marks[0].at + timeline.marks[-1].at) / 2
        edge = at - mark.error_bar_seconds if late else at + mark.error_bar_seconds
        place, side = ((-8, 0), "right") if late else ((8, 0), "left")
        panel.annotate(label, (edge, row), xytext=place, textcoords="offset points", va="center", ha=side)
    panel.set_yticks([])
    panel.set_ylim(len(MARKS) - 0.4, -0.8)
    panel.set_title("Marks, with error bars", loc="left", fontweight="bold")


def _shade(panel: Axes, timeline: Timeline, zero: float, *, label: bool) -> None:
    for name, first, last, colour in _PHASES:
        begin, end = timeline.at(first), timeline.at(last)
        if begin is None or end is None:
            continue
        panel.axvspan(begin - zero, end - zero, color=colour, alpha=0.55, lw=0, zorder=0)
        if label:
            panel.annotate(
                name, ((begin + end) / 2 - zero, 0.98), xycoords=("data", "axes fraction"), ha="center", va="top"
            )
