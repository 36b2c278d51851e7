"""Time series: lines or stacked areas, threshold lines, and a legend with figures."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from html import escape

from dashboards_as_code.preview import axes, colours, units
from dashboards_as_code.preview.chart import Chart
from dashboards_as_code.preview.series import Series
from dashboards_as_code.preview.sheet import Sheet

_MOST_IN_LEGEND = 8
_CALCULATIONS: dict[str, tuple[str, Callable[[Sequence[float]], float]]] = {
    "lastNotNull": ("last", lambda values: values[-1]),
    "last": ("last", lambda values: values[-1]),
    "max": ("max", max),
    "min": ("min", min),
    "mean": ("mean", statistics.fmean),
    "sum": ("total", sum),
}


def draw(sheet: Sheet) -> str:
    """The chart and below it the legend."""
    stacked = sheet.custom.get("stacking", {}).get("mode") == "normal"
    shown = _stacked(sheet.series) if stacked else [(one, None) for one in sheet.series]
    palette = colours.of_series([one.name for one in sheet.series], sheet.overrides)
    chart = Chart.of(sheet, *_range(sheet, [one for one, _ in shown]))
    areas = (_area(chart, one, base, palette) for one, base in reversed(shown) if base)
    # From the top of a stack down, so that a series of nothing does not cover the edge of what it stands on.
    paths = (_path(chart, one, palette) for one, _ in (reversed(shown) if stacked else shown))
    return chart.svg(chart.value_grid(), areas, paths, _thresholds(chart), _cases(chart)) + _legend(sheet, palette)


def _range(sheet: Sheet, shown: Sequence[Series]) -> tuple[float, float]:
    custom = sheet.custom
    values = [value for one in shown for value in one.values]
    return axes.bounds(values, custom.get("axisSoftMin"), custom.get("axisSoftMax"))


def _stacked(series: Sequence[Series]) -> list[tuple[Series, Series]]:
    """Each series raised by those below it, with the one that it stands on."""
    found: list[tuple[Series, Series]] = []
    floor: dict[float, float] = {}
    for one in series:
        base = Series(one.name, one.labels, tuple((at, floor.get(at, 0.0)) for at, _ in one.points))
        raised = Series(one.name, one.labels, tuple((at, floor.get(at, 0.0) + value) for at, value in one.points))
        floor |= dict(raised.points)
        found.append((raised, base))
    return found


def _path(chart: Chart, one: Series, palette: dict[str, str]) -> str:
    pieces = "".join(_piece(chart, run) for run in one.runs(chart.sheet.span.step))
    tip = escape(f"{one.name}: {units.formatted(one.last, chart.sheet.unit)}")
    return f'<path class="line" stroke="{palette[one.name]}" d="{pieces}"><title>{tip}</title></path>'


def _piece(chart: Chart, run: Sequence[tuple[float, float]]) -> str:
    spots = [f"{chart.x(at)},{chart.y(value)}" for at, value in run]
    return f"M{spots[0]}h1" if len(spots) == 1 else "M" + "L".join(spots)


def _area(chart: Chart, one: Series, base: Series, palette: dict[str, str]) -> str:
    step = chart.sheet.span.step
    outline = ""
    for upper, lower in zip(one.runs(step), base.runs(step), strict=True):
        spots = [f"{chart.x(at)},{chart.y(value)}" for at, value in (*upper, *reversed(lower))]
        outline += "M" + "L".join(spots) + "Z"
    return f'<path fill="{palette[one.name]}" fill-opacity=".3" d="{outline}"/>'


def _cases(chart: Chart) -> Iterator[str]:
    for case in chart.sheet.exemplars:
        if chart.y.low <= case.value <= chart.y.high:
            yield chart.dot(case, chart.y(case.value))


def _thresholds(chart: Chart) -> Iterator[str]:
    if chart.sheet.custom.get("thresholdsStyle", {}).get("mode", "off") == "off":
        return
    for step in chart.sheet.steps:
        if step["value"] is not None and chart.y.low <= step["value"] <= chart.y.high:
            y, colour = chart.y(step["value"]), colours.colour(step["color"])
            ends = f'x1="{chart.x.first:.0f}" x2="{chart.x.last:.0f}"'
            yield f'<line class="threshold" stroke="{colour}" {ends} y1="{y}" y2="{y}"/>'


def _legend(sheet: Sheet, palette: dict[str, str]) -> str:
    names = sheet.options.get("legend", {}).get("calcs", ["lastNotNull"])
    chosen = [_CALCULATIONS[name] for name in names if name in _CALCULATIONS]
    ranked = sorted(sheet.series, key=lambda one: max(one.values), reverse=True)
    many = len(ranked) > _MOST_IN_LEGEND
    kept = ranked[:_MOST_IN_LEGEND] if many else sheet.series
    head = "".join(f"<th>{title}</th>" for title, _ in chosen)
    rows = "".join(_entry(one, [take(one.values) for _, take in chosen], sheet.unit, palette) for one in kept)
    rest = f'<tr><td class="more">and {len(ranked) - len(kept)} smaller ones</td></tr>' if many else ""
    return f'<table class="legend"><tr><th></th>{head}</tr>{rows}{rest}</table>'


def _entry(one: Series, figures: Sequence[float], unit: str, palette: dict[str, str]) -> str:
    cells = "".join(f"<td>{escape(units.formatted(figure, unit))}</td>" for figure in figures)
    return f'<tr><td><i style="background:{palette[one.name]}"></i>{escape(one.name or "value")}</td>{cells}</tr>'
