"""Tables: one row for each series, its labels and its value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from dashboards_as_code.preview import colours, units
from dashboards_as_code.preview.sheet import Sheet

_HIDDEN = frozenset({"__name__", "job", "instance"})
_MOST_ROWS = 20
VALUE = "Value"


def draw(sheet: Sheet) -> str:
    """The rows that the panel's queries found, columns renamed and left out as it says."""
    arranged = _arrangement(sheet)
    rows = [{**one.labels, VALUE: _value(sheet, one.last)} for one in sheet.series]
    left_out = {name for name, out in arranged.get("excludeByName", {}).items() if out}
    names = [name for name in _columns(rows) if name not in left_out]
    renamed = arranged.get("renameByName", {})
    head = "".join(f"<th>{escape(renamed.get(name) or name)}</th>" for name in names)
    shown = "".join(_row(row, names) for row in rows[:_MOST_ROWS])
    more = f'<tr><td class="more">and {len(rows) - _MOST_ROWS} more</td></tr>' if len(rows) > _MOST_ROWS else ""
    return f'<table class="rows"><tr>{head}</tr>{shown}{more}</table>'


def _arrangement(sheet: Sheet) -> Mapping[str, Any]:
    for change in sheet.panel.get("transformations", ()):
        if change["id"] == "organize":
            options: Mapping[str, Any] = change["options"]
            return options
    return {}


def _columns(rows: Sequence[Mapping[str, str]]) -> list[str]:
    labels = dict.fromkeys(name for row in rows for name in row if name not in _HIDDEN and name != VALUE)
    return [*labels, VALUE]


def _row(row: Mapping[str, str], names: Sequence[str]) -> str:
    cells = (row.get(name, "") if name == VALUE else escape(row.get(name, "")) for name in names)
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _value(sheet: Sheet, value: float) -> str:
    known = sheet.mapped.get(f"{value:g}")
    if known:
        colour = colours.colour(known.get("color", "text"))
        return f'<b style="color:{colour}">{escape(known["text"])}</b>'
    return escape(units.formatted(value, sheet.unit))
