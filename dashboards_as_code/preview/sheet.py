"""One panel of a generated board, as the drawings read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboards_as_code.preview.series import Exemplar, Series
from dashboards_as_code.preview.span import Span

COLUMN_PIXELS = 64
UNIT_PIXELS = 24
"""Height of one unit of Grafana's grid that the drawing itself gets; title, description and legend come on top."""
_PADDING_PIXELS = 34


@dataclass(frozen=True)
class Mark:
    """An annotation: a moment, what happened, and its colour."""

    at: float
    text: str
    colour: str


@dataclass(frozen=True)
class Sheet:
    """A panel's JSON with its series and single cases, and the span that they are of."""

    panel: Mapping[str, Any]
    series: Sequence[Series]
    span: Span
    marks: Sequence[Mark] = ()
    exemplars: Sequence[Exemplar] = ()

    @property
    def width(self) -> int:
        return int(self.panel["gridPos"]["w"]) * COLUMN_PIXELS - _PADDING_PIXELS

    @property
    def height(self) -> int:
        return int(self.panel["gridPos"]["h"]) * UNIT_PIXELS

    @property
    def options(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.panel.get("options", {})
        return found

    @property
    def defaults(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.panel.get("fieldConfig", {}).get("defaults", {})
        return found

    @property
    def custom(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.defaults.get("custom", {})
        return found

    @property
    def overrides(self) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = self.panel.get("fieldConfig", {}).get("overrides", ())
        return found

    @property
    def unit(self) -> str:
        return str(self.defaults.get("unit", "short"))

    @property
    def steps(self) -> Sequence[Mapping[str, Any]]:
        """The thresholds, from the lowest upwards."""
        found: Sequence[Mapping[str, Any]] = self.defaults.get("thresholds", {}).get("steps", ())
        return found

    @property
    def mapped(self) -> Mapping[str, Mapping[str, Any]]:
        """Values that have a text and a colour of their own."""
        mappings = self.defaults.get("mappings", ())
        return {key: one for each in mappings if each["type"] == "value" for key, one in each["options"].items()}
