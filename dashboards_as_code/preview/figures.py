"""Panels that show one figure a series: stats, gauges and bars."""

from __future__ import annotations

import math
from html import escape

from dashboards_as_code.preview import axes, colours, units
from dashboards_as_code.preview.series import Series
from dashboards_as_code.preview.sheet import Sheet

_SWEEP = 0.75
"""The part of a circle that a gauge takes."""


def stat(sheet: Sheet) -> str:
    """Each figure as large as it fits, on the colour of its threshold where the panel says so."""
    size = max(18, min(52, sheet.height // (2 * len(sheet.series)), sheet.width // 6))
    return f'<div class="stats">{"".join(_stat(sheet, one, size) for one in sheet.series)}</div>'


def _stat(sheet: Sheet, one: Series, size: int) -> str:
    colour = colours.of_value(one.last, sheet.steps)
    ground = sheet.options.get("colorMode", "value") == "background"
    style = f"background:{colour};color:#111217" if ground else f"color:{colour}"
    name = f"<small>{escape(one.name)}</small>" if one.name else ""
    return f'<div style="{style};font-size:{size}px">{name}<b>{escape(text_of(sheet, one))}</b></div>'


def gauge(sheet: Sheet) -> str:
    """An arc for each figure, filled up to it, from the panel's least to its greatest value."""
    return f'<div class="gauges">{"".join(_gauge(sheet, one) for one in sheet.series)}</div>'


def _gauge(sheet: Sheet, one: Series) -> str:
    low, high = _limits(sheet)
    share = min(max((one.last - low) / (high - low), 0.0), 1.0)
    radius = max(30, min(sheet.height - 50, sheet.width // len(sheet.series) - 20) // 2)
    colour = colours.of_value(one.last, sheet.steps)
    side, middle = 2 * radius + 16, radius + 8
    rail = f'<path class="rail" d="{_arc(middle, radius, _SWEEP)}"/>'
    filled = f'<path class="fill" stroke="{colour}" d="{_arc(middle, radius, _SWEEP * share)}"/>' if share else ""
    middle_of = f'x="{middle}" y="{middle + 8}" text-anchor="middle" fill="{colour}" font-size="{max(14, radius // 3)}"'
    text = f"<text {middle_of}>{escape(text_of(sheet, one))}</text>"
    return f'<div><svg width="{side}" height="{side}">{rail}{filled}{text}</svg><small>{escape(one.name)}</small></div>'


def _arc(middle: int, radius: int, share: float) -> str:
    begin, end = (2 * math.pi * (angle - 0.625) for angle in (0.0, share))
    spots = [f"{middle + radius * math.cos(a):.1f} {middle + radius * math.sin(a):.1f}" for a in (begin, end)]
    return f"M{spots[0]}A{radius} {radius} 0 {int(share > 0.5)} 1 {spots[1]}"


def bars(sheet: Sheet) -> str:
    """A horizontal bar for each figure, the greatest first."""
    low, high = _limits(sheet)
    rows = "".join(
        f'<tr><td>{escape(one.name)}</td><td class="bar"><i style="width:{_share(one.last, low, high):.1%};'
        f'background:{colours.of_value(one.last, sheet.steps)}"></i></td><td>{escape(text_of(sheet, one))}</td></tr>'
        for one in sorted(sheet.series, key=lambda each: each.last, reverse=True)
    )
    return f'<table class="bars">{rows}</table>'


def text_of(sheet: Sheet, one: Series) -> str:
    """A figure with its unit, or the text that the panel maps it to."""
    known = sheet.mapped.get(f"{one.last:g}")
    return str(known["text"]) if known and "text" in known else units.formatted(one.last, sheet.unit)


def _limits(sheet: Sheet) -> tuple[float, float]:
    low, high = axes.bounds([one.last for one in sheet.series], 0.0)
    return float(sheet.defaults.get("min", low)), float(sheet.defaults.get("max", high))


def _share(value: float, low: float, high: float) -> float:
    return min(max((value - low) / (high - low), 0.0), 1.0)
