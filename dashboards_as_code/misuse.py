"""What a board can do wrong, in words: a panel that breaks the house style does not build."""

from collections.abc import Collection, Iterator

from dashboards_as_code.errors import StyleError
from dashboards_as_code.model import Board, Panel, Unit

_WIDEST_ROW = 6
_LONGEST_UID = 40  # Grafana's limit
_MOST_QUERIES = 26  # Grafana calls them A to Z


def reject(board: Board, levels: Collection[str]) -> None:
    """Raise a StyleError for the first panel that breaks the style; `levels` are the known threshold levels."""
    if len(board.uid) > _LONGEST_UID:
        raise StyleError(f"{board.uid}: a uid of {len(board.uid)} characters; expected at most {_LONGEST_UID}")
    for row in board.rows:
        if not 1 <= len(row.panels) <= _WIDEST_ROW:
            count = len(row.panels)
            raise StyleError(f"{board.uid}: row {row.title!r}: {count} panels; expected 1 to {_WIDEST_ROW}")
    titles: set[str] = set()
    for panel in board.panels():
        place = f"{board.uid}: panel {panel.title!r}"
        for fault in _faults(panel, levels):
            raise StyleError(f"{place}: {fault}")
        if panel.title in titles:
            raise StyleError(f"{place}: the title is used twice; expected a title of its own for each panel")
        titles.add(panel.title)


def _faults(panel: Panel, levels: Collection[str]) -> Iterator[str]:
    if not panel.title.strip():
        yield "no title; expected a few words that no other panel of the board has"
    if not panel.description.strip():
        yield "no description; expected a sentence that says how to read the panel"
    if not isinstance(panel.unit, Unit):
        yield f"unit {panel.unit!r} is not of the house; expected one of {', '.join(Unit)}"
    if not 1 <= len(panel.queries) <= _MOST_QUERIES:
        yield f"{len(panel.queries)} queries; expected 1 to {_MOST_QUERIES}"
    if any(not query.legend.strip() for query in panel.queries):
        yield "a query without legend; expected text or {{label}}"
    yield from _threshold_faults(panel, levels)


def _threshold_faults(panel: Panel, levels: Collection[str]) -> Iterator[str]:
    unknown = [threshold.level for threshold in panel.thresholds if threshold.level not in levels]
    if unknown:
        yield f"threshold level {unknown[0]!r} is unknown; expected one of {', '.join(levels)}"
    if not panel.thresholds:
        return
    base, *values = (threshold.value for threshold in panel.thresholds)
    known = [value for value in values if value is not None]
    if base is not None or len(known) < len(values) or known != sorted(set(known)):
        yield "thresholds out of order; expected one without value first, then rising values"
