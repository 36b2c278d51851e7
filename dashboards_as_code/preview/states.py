"""State timelines: one row for each series, one colour for each state."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from dashboards_as_code.preview import colours, units
from dashboards_as_code.preview.chart import Chart
from dashboards_as_code.preview.series import Series
from dashboards_as_code.preview.sheet import Sheet


def draw(sheet: Sheet) -> str:
    """The rows and below them what the colours mean."""
    chart = Chart.of(sheet, 0.0, float(len(sheet.series)), [one.name for one in sheet.series])
    rows = list(reversed(sheet.series))
    names = (chart.label(chart.y(place + 0.5), one.name) for place, one in enumerate(rows))
    bars = (bar for place, one in enumerate(rows) for bar in _bars(chart, place, one))
    return chart.svg(names, bars) + _meanings(sheet)


def _bars(chart: Chart, place: int, one: Series) -> Iterator[str]:
    """A bar for each stretch of one state; each sample stands for the step after it."""
    step = chart.sheet.span.step
    height = chart.y(0.1) - chart.y(0.9)
    for run in one.runs(step):
        start, state = run[0]
        for at, value in (*run[1:], (min(run[-1][0] + step, chart.sheet.span.end), float("nan"))):
            if value != state:
                width = max(1.0, chart.x(at) - chart.x(start))
                box = f'x="{chart.x(start)}" y="{chart.y(place + 0.9)}" width="{width:.1f}" height="{height:.1f}"'
                tip = escape(f"{one.name}: {_meaning(chart.sheet, state)}")
                yield f'<rect {box} fill="{_colour(chart.sheet, state)}" rx="2"><title>{tip}</title></rect>'
                start, state = at, value


def _meanings(sheet: Sheet) -> str:
    entries = (
        f'<span><i style="background:{colours.colour(one["color"])}"></i>{escape(one["text"])}</span>'
        for one in sheet.mapped.values()
    )
    return f'<div class="states">{"".join(entries)}</div>'


def _meaning(sheet: Sheet, value: float) -> str:
    known = sheet.mapped.get(f"{value:g}")
    return str(known["text"]) if known else units.formatted(value, sheet.unit)


def _colour(sheet: Sheet, value: float) -> str:
    known = sheet.mapped.get(f"{value:g}")
    return colours.colour(known["color"]) if known and "color" in known else colours.of_value(value, sheet.steps)
