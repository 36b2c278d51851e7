"""What grafanalib 0.7.1 lacks or gets wrong, and the final form of a dashboard's JSON.

Its Threshold writes the string "null", its Target carries Graphite's fields and knows no exemplars, its soft limits
refuse fractions, its StateTimeline has no unit, its Heatmap is the one of Grafana 8, and its dashboards claim the
schema of Grafana 3.
"""

import json
import string
import zlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from grafanalib import core

from dashboards_as_code.errors import StyleError
from dashboards_as_code.model import Query

SCHEMA_VERSION = 41
DATASOURCE_VARIABLE = "prometheus_datasource"

# Fields of Grafana before version 8 that grafanalib always writes; none of them has an effect any more.
_OBSOLETE = frozenset(
    {"__inputs", "gnetId", "hideControls", "rows", "sharedCrosshair", "style"}
    | {"cacheTimeout", "error", "height", "minSpan", "span", "hideTimeOverride"}
    | {"auto", "auto_count", "auto_min", "tagValuesQuery", "tagsQuery", "time_options", "useTags"}
)
_PER_SECOND = "cps"
_NOTHING = 1e-9  # a heatmap draws no cell up to this value
_ROW_FIELDS = frozenset({"collapsed", "gridPos", "panels", "title", "type"})
_ALL_CHOSEN = {"selected": True, "text": ["All"], "value": ["$__all"]}


def datasource() -> dict[str, str]:
    """The data source that the reader chose, as panels, queries and variables refer to it."""
    return {"type": "prometheus", "uid": f"${{{DATASOURCE_VARIABLE}}}"}


def number(value: Decimal) -> int | float:
    """The JSON number of a decimal, without a fraction where there is none."""
    return int(value) if value == value.to_integral_value() else float(value)


def threshold_step(colour: str, value: Decimal | None) -> dict[str, Any]:
    """One step of a panel's thresholds; the first has no value."""
    return {"color": colour, "value": None if value is None else number(value)}


def target(index: int, query: Query, *, instant: bool = False, buckets: bool = False) -> dict[str, Any]:
    """One Prometheus query of a panel, the `index`-th counted from 0; `buckets` where its series are a histogram's."""
    return {
        "datasource": datasource(),
        "editorMode": "code",
        "exemplar": query.exemplars,
        "expr": query.expr,
        "format": "heatmap" if buckets else "time_series",
        "instant": instant,
        "legendFormat": query.legend,
        "range": not instant,
        "refId": string.ascii_uppercase[index],
    }


def field_defaults(**defaults: Any) -> dict[str, Any]:
    """Field options that a grafanalib panel has no attribute for, in the form of its `extraJson`."""
    return {"fieldConfig": {"defaults": defaults}}


def heatmap(unit: str, **common: Any) -> dict[str, Any]:
    """A panel that draws a histogram's buckets over the time, with exemplars; `common` as for grafanalib's Panel."""
    panel: dict[str, Any] = core.Panel(**common).panel_json(
        {
            "type": "heatmap",
            "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
            "options": {
                "calculate": False,
                "cellGap": 1,
                "cellValues": {"unit": _PER_SECOND},
                "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64, "reverse": False, "exponent": 0.5},
                "exemplars": {"color": "purple"},
                "filterValues": {"le": _NOTHING},
                "legend": {"show": True},
                "rowsFrame": {"layout": "auto"},
                "tooltip": {"mode": "single", "yHistogram": True},
                "yAxis": {"axisPlacement": "left", "unit": unit},
            },
        }
    )
    return panel


def finalise(dashboard: Any) -> dict[str, Any]:
    """The JSON document of a grafanalib dashboard: no obsolete fields, no empty ones, panels numbered by title."""
    plain = json.loads(json.dumps(dashboard, default=lambda part: part.to_json_data()))
    document: dict[str, Any] = _without_ballast(plain)
    document["editable"] = False
    document["schemaVersion"] = SCHEMA_VERSION
    document["panels"] = [_final_panel(panel) for panel in document["panels"]]
    for variable in document["templating"]["list"]:
        variable["current"] = _ALL_CHOSEN if variable["includeAll"] else {}
    _reject_shared_ids(document["uid"], document["panels"])
    return document


def to_json(document: dict[str, Any]) -> str:
    """The text of a generated file: sorted keys, two spaces, one newline at the end."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _without_ballast(part: Any) -> Any:
    if isinstance(part, list):
        return [_without_ballast(item) for item in part]
    if not isinstance(part, dict):
        return part
    if part.keys() == {"color", "value"}:  # a threshold step: here null has a meaning
        return part
    kept = {key: _without_ballast(value) for key, value in part.items() if key not in _OBSOLETE}
    return {key: value for key, value in kept.items() if value is not None}


def _final_panel(panel: dict[str, Any]) -> dict[str, Any]:
    fields = _ROW_FIELDS if panel["type"] == "row" else panel.keys() - {"editable"}
    return {key: panel[key] for key in fields} | {"id": _panel_id(panel["title"])}


def _panel_id(title: str) -> int:
    # Grafana links to panels by number: derived from the title, a link survives panels that come and go.
    return zlib.crc32(title.encode()) & 0x7FFFFFFF


def _reject_shared_ids(uid: str, panels: Iterable[dict[str, Any]]) -> None:
    titles: dict[int, str] = {}
    for panel in panels:
        other = titles.setdefault(panel["id"], panel["title"])
        if other is not panel["title"]:
            raise StyleError(f"{uid}: panels {other!r} and {panel['title']!r} share an id; expected unlike titles")
