"""All boards on one page that loads nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from dashboards_as_code.preview import marks
from dashboards_as_code.preview.answers import Answers
from dashboards_as_code.preview.drawing import Drawing, drawn
from dashboards_as_code.preview.sheet import COLUMN_PIXELS, Mark
from dashboards_as_code.preview.span import Span

_TEMPLATE = Path(__file__).with_name("page.html.jinja")
_COLUMNS = 24


@dataclass(frozen=True)
class Line:
    """What stands side by side: the heading of a row, or panels."""

    heading: str
    panels: tuple[Drawing, ...]


@dataclass(frozen=True)
class DrawnBoard:
    """A board whose panels are drawn."""

    uid: str
    title: str
    description: str
    note: str
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...]

    @property
    def panels(self) -> list[Drawing]:
        return [panel for line in self.lines for panel in line.panels]


def draw(document: Mapping[str, Any], answers: Answers, note: str = "", more: Sequence[Mark] = ()) -> DrawnBoard:
    """Draw every panel of a board's JSON, its own marks and some more; `note` stands below the description."""
    found = (*marks.of_board(document, answers), *more)
    lines = tuple(_lines(document["panels"], answers, found))
    return DrawnBoard(document["uid"], document["title"], document.get("description", ""), note, lines, found)


def html(boards: Sequence[DrawnBoard], span: Span) -> str:
    """The page: a list of the boards, and each with its rows."""
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(boards=boards, span=span, width=_COLUMNS * COLUMN_PIXELS)


def _lines(panels: Iterable[Mapping[str, Any]], answers: Answers, found: Sequence[Mark]) -> Iterator[Line]:
    """Headings and panels from the top to the bottom; those of one height begin side by side."""
    beside: dict[int, list[Mapping[str, Any]]] = {}
    for panel in _unfolded(panels):
        beside.setdefault(int(panel["gridPos"]["y"]), []).append(panel)
    for top in sorted(beside):
        ordered = sorted(beside[top], key=lambda panel: int(panel["gridPos"]["x"]))
        headings = [str(panel["title"]) for panel in ordered if panel["type"] == "row"]
        shown = tuple(drawn(panel, answers, found) for panel in ordered if panel["type"] != "row")
        yield Line(headings[0] if headings else "", shown)


def _unfolded(panels: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for panel in panels:
        yield panel
        yield from panel.get("panels") or ()
