"""Which drawing a panel's type gets, and what is said where it has nothing to show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from dashboards_as_code.errors import DashboardError
from dashboards_as_code.preview import figures, heatmap, lines, prose, states, table
from dashboards_as_code.preview.answers import Answers
from dashboards_as_code.preview.sheet import COLUMN_PIXELS, Mark, Sheet

TEXT = "text"
_DRAWINGS: dict[str, Callable[[Sheet], str]] = {
    "timeseries": lines.draw,
    "heatmap": heatmap.draw,
    "state-timeline": states.draw,
    "stat": figures.stat,
    "gauge": figures.gauge,
    "bargauge": figures.bars,
    "table": table.draw,
    TEXT: prose.draw,
}


@dataclass(frozen=True)
class Drawing:
    """A panel as HTML; `empty` where one of its queries returned no number."""

    title: str
    html: str
    columns: int
    empty: bool


def drawn(panel: Mapping[str, Any], answers: Answers, marks: Sequence[Mark]) -> Drawing:
    """Ask the panel's queries and draw their answers; a DashboardError for a type that nobody draws."""
    kind = str(panel["type"])
    if kind not in _DRAWINGS:
        raise DashboardError(f"panel {panel['title']!r}: type {kind!r}; expected one of {', '.join(_DRAWINGS)}")
    asked = [answers.of(target) for target in panel.get("targets", ())]
    cases = [case for target in panel.get("targets", ()) for case in answers.exemplars_of(target)]
    sheet = Sheet(panel, [series for found in asked for series in found], answers.span, marks, cases)
    empty = kind != TEXT and not (asked and all(asked))
    content = _DRAWINGS[kind](sheet) if sheet.series or kind == TEXT else _nothing(sheet)
    return Drawing(panel["title"], _framed(panel, content), int(panel["gridPos"]["w"]), empty)


def _nothing(sheet: Sheet) -> str:
    return f'<div class="nothing" style="height:{sheet.height}px">no data</div>'


def _framed(panel: Mapping[str, Any], content: str) -> str:
    width = int(panel["gridPos"]["w"]) * COLUMN_PIXELS
    note = f"<p>{escape(panel['description'])}</p>" if panel.get("description") else ""
    title = escape(panel["title"])
    return f'<article class="{panel["type"]}" style="--width:{width}px"><h3>{title}</h3>{note}{content}</article>'
