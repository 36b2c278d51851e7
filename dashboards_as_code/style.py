"""The house style, applied once over all boards: units, legends, tooltips, colours, thresholds and the grid.

A board that breaks it does not build; the message says which panel and what was expected.
"""

from collections.abc import Iterator
from typing import Any

from grafanalib import core

from dashboards_as_code import compat, links, misuse, queries, variables
from dashboards_as_code.model import AlertState, Board, Kind, Link, Mark, Palette, Panel, Row
from slo import names

FAMILY = "billing"
"""The tag that all boards carry, by which they link to each other."""

GRID_WIDTH = 24
HEADING_HEIGHT = 1
PANEL_HEIGHT = 8

LEVEL_COLOURS = {
    "good": "green",
    "pending": "yellow",
    "ticket": "orange",
    "page": "red",
}
SERIES_COLOURS = {
    Palette.CLASSIC: {},
    Palette.ERROR_BUDGET: {"allowed": "red"},
    Palette.STATUS_CLASS: {"2xx": "green", "3xx": "blue", "4xx": "orange", "5xx": "red"},
    Palette.OUTCOME: {"accepted": "green", "duplicate": "blue", "conflict": "orange", "rejected": "red"},
}
STATE_LEVELS = {AlertState.INACTIVE: "good", AlertState.PENDING: "pending", AlertState.FIRING: "page"}

# A threshold line that lies above the data would be cut off: the axis reaches a quarter beyond it.
_HEADROOM = 5, 4


def dashboard(board: Board) -> Any:
    """The board as a grafanalib Dashboard; a StyleError names the first panel that breaks the style."""
    misuse.reject(board, LEVEL_COLOURS)
    return core.Dashboard(
        uid=board.uid,
        title=board.title,
        description=board.description,
        tags=list(board.tags),
        panels=list(_place(board.rows)),
        templating=variables.templating(board.variables),
        links=[_other_boards(), *map(_board_link, (*board.links, *links.EVERYWHERE))],
        annotations=core.Annotations(list=[_pages(), *map(_marks, board.marks)]),
        time=core.Time("now-1h", "now"),
        refresh="10s",
        graphTooltip=core.GRAPH_TOOLTIP_MODE_SHARED_CROSSHAIR,
        timezone="utc",
    )


def _other_boards() -> Any:
    return core.DashboardLink(
        title="Boards", type="dashboards", tags=[FAMILY], asDropdown=True, includeVars=True, icon="dashboard"
    )


def _board_link(link: Link) -> Any:
    return core.DashboardLink(title=link.title, type="link", uri=link.url, keepTime=False, targetBlank=True)


def _panel_link(link: Link) -> Any:
    return core.DataLink(title=link.title, linkUrl=link.url, isNewTab=True)


def _pages() -> dict[str, Any]:
    """Every board marks when somebody was woken."""
    return {
        "name": "Pages",
        "datasource": compat.datasource(),
        "enable": True,
        "expr": queries.firing_pages(),
        "iconColor": LEVEL_COLOURS["page"],
        "titleFormat": f"{{{{{queries.ALERT_NAME}}}}}",
        "textFormat": f"{{{{{names.SLO}}}}}",
    }


def _marks(mark: Mark) -> dict[str, Any]:
    return {
        "name": mark.name,
        "datasource": compat.datasource(),
        "enable": True,
        "expr": mark.expr,
        "iconColor": mark.colour,
        "titleFormat": mark.name,
        "textFormat": mark.text,
    }


def _place(rows: tuple[Row, ...]) -> Iterator[Any]:
    top = 0
    for row in rows:
        yield core.RowPanel(title=row.title, gridPos=core.GridPos(h=HEADING_HEIGHT, w=GRID_WIDTH, x=0, y=top))
        top += HEADING_HEIGHT
        width = GRID_WIDTH // len(row.panels)
        for index, panel in enumerate(row.panels):
            position = core.GridPos(h=PANEL_HEIGHT, w=width, x=index * width, y=top)
            yield _DRAWERS[panel.kind](panel, gridPos=position, **_common(panel))
        top += PANEL_HEIGHT


def _common(panel: Panel) -> dict[str, Any]:
    instant = panel.kind is Kind.VALUE
    buckets = panel.kind is Kind.HEATMAP
    targets = (compat.target(i, query, instant=instant, buckets=buckets) for i, query in enumerate(panel.queries))
    return {
        "title": panel.title,
        "description": panel.description,
        "dataSource": compat.datasource(),
        "targets": list(targets),
        "thresholds": [compat.threshold_step(LEVEL_COLOURS[t.level], t.value) for t in panel.thresholds],
        "maxDataPoints": None,
        "links": [_panel_link(link) for link in panel.links if not link.needs_series],
    }


def _lines(panel: Panel, **common: Any) -> Any:
    stacked = panel.kind is Kind.STACK
    return core.TimeSeries(
        **common,
        unit=panel.unit.value,
        legendDisplayMode="table",
        legendCalcs=["lastNotNull", "max"],
        tooltipMode="multi",
        tooltipSort="desc",
        showPoints="never",
        fillOpacity=30 if stacked else 0,
        stacking={"mode": "normal", "group": "A"} if stacked else {"mode": "none"},
        axisSoftMin=0,
        thresholdsStyleMode="line" if panel.thresholds else "off",
        overrides=[_fixed_colour(*pair) for pair in SERIES_COLOURS[panel.palette].items()],
        extraJson=compat.field_defaults(**_room_for_thresholds(panel), **_series_links(panel)),
    )


def _room_for_thresholds(panel: Panel) -> dict[str, Any]:
    values = [threshold.value for threshold in panel.thresholds if threshold.value is not None]
    if not values:
        return {}
    above, below = _HEADROOM
    return {"custom": {"axisSoftMax": compat.number(max(values) * above / below)}}


def _series_links(panel: Panel) -> dict[str, Any]:
    found = [_panel_link(link) for link in panel.links if link.needs_series]
    return {"links": found} if found else {}


def _value(panel: Panel, **common: Any) -> Any:
    return core.Stat(
        **common,
        format=panel.unit.value,
        color={"mode": "thresholds"},
        colorMode="background",
        graphMode="none",
        reduceCalc="lastNotNull",
        noValue="no data",
    )


def _states(panel: Panel, **common: Any) -> Any:
    return core.StateTimeline(
        **common,
        legendDisplayMode="hidden",
        showValue="never",
        tooltipMode="multi",
        mappings=[{"type": "value", "options": {str(state.value): _state(state) for state in AlertState}}],
        extraJson=compat.field_defaults(unit=panel.unit.value),
    )


def _state(state: AlertState) -> dict[str, Any]:
    return {"text": state.name.lower(), "color": LEVEL_COLOURS[STATE_LEVELS[state]], "index": state.value}


def _fixed_colour(series: str, colour: str) -> dict[str, Any]:
    return {
        "matcher": {"id": "byName", "options": series},
        "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}],
    }


def _heatmap(panel: Panel, **common: Any) -> Any:
    return compat.heatmap(panel.unit.value, **common)


_DRAWERS = {
    Kind.LINES: _lines,
    Kind.STACK: _lines,
    Kind.VALUE: _value,
    Kind.STATES: _states,
    Kind.HEATMAP: _heatmap,
}
