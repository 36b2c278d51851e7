"""Heatmaps: for each bucket of a histogram how many fell into it, over time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from dashboards_as_code.preview import colours, units
from dashboards_as_code.preview.chart import Chart
from dashboards_as_code.preview.series import Series
from dashboards_as_code.preview.sheet import Sheet

_BOUND = "le"
Cells = list[tuple[str, dict[float, float]]]


def draw(sheet: Sheet) -> str:
    """One row for each bucket, the lowest at the bottom, and the scale of the colours."""
    rows = _rows(sheet)
    most = max((value for _, cells in rows for value in cells.values()), default=0.0)
    labels = [label for label, _ in rows]
    chart = Chart.of(sheet, 0.0, float(len(rows)), labels)
    names = (chart.label(chart.y(place + 0.5), label) for place, label in enumerate(labels) if _fits(place, rows))
    return chart.svg(names, _cells(chart, rows, most), _cases(chart)) + _scale(most, sheet)


def _rows(sheet: Sheet) -> Cells:
    """The buckets with a label and what fell into each alone; Prometheus's buckets hold the lower ones as well."""
    unit = str(sheet.options.get("yAxis", {}).get("unit", sheet.unit))
    ordered = sorted(sheet.series, key=_bound)
    found, below = [], dict[float, float]()
    for one in ordered:
        found.append((_label(one, unit), {at: max(0.0, value - below.get(at, 0.0)) for at, value in one.points}))
        below = dict(one.points)
    return found


def _bound(one: Series) -> float:
    return float(one.labels.get(_BOUND, "inf").replace("+Inf", "inf"))


def _label(one: Series, unit: str) -> str:
    bound = _bound(one)
    return "more" if math.isinf(bound) else f"≤ {units.formatted(bound, unit)}"


def _fits(place: int, rows: Cells) -> bool:
    return len(rows) <= 12 or place % 2 == 0


def _cells(chart: Chart, rows: Cells, most: float) -> Iterator[str]:
    step = chart.sheet.span.step
    width = max(1.0, chart.x(chart.sheet.span.start + step) - chart.x(chart.sheet.span.start)) + 0.2
    for place, (label, cells) in enumerate(rows):
        top, bottom = chart.y(place + 1), chart.y(place)
        for at, value in cells.items():
            if value > 0 and at > chart.sheet.span.start:
                share = math.sqrt(value / most)
                box = f'x="{chart.x(at) - width:.1f}" y="{top}" width="{width:.1f}" height="{bottom - top:.1f}"'
                tip = escape(f"{label}: {units.formatted(value, 'short')}")
                yield f'<rect {box} fill="{colours.heat(0.15 + 0.85 * share)}"><title>{tip}</title></rect>'


def _cases(chart: Chart) -> Iterator[str]:
    """Each case within the row of its bucket, the higher the nearer it is to its bound."""
    limits = sorted(_bound(one) for one in chart.sheet.series)
    for case in chart.sheet.exemplars:
        place = next((index for index, limit in enumerate(limits) if case.value <= limit), None)
        if place is not None:
            low = limits[place - 1] if place else 0.0
            share = 0.5 if math.isinf(limits[place]) else (case.value - low) / (limits[place] - low)
            yield chart.dot(case, chart.y(place + share))


def _scale(most: float, sheet: Sheet) -> str:
    unit = str(sheet.options.get("cellValues", {}).get("unit", "short"))
    stops: Sequence[str] = [colours.heat(0.15 + 0.85 * math.sqrt(share / 8)) for share in range(9)]
    bar = f'<span class="heat" style="background:linear-gradient(90deg,{",".join(stops)})"></span>'
    return f'<div class="scale">0 {bar} {escape(units.formatted(most, unit))}</div>'
