"""A board as plain data: rows of panels, each with its queries. How it looks is decided by the house style."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum


class Unit(StrEnum):
    """Units of the house, by Grafana's identifiers (the ones that dashboard-linter accepts)."""

    SECONDS = "s"
    RATIO = "percentunit"
    REQUESTS_PER_SECOND = "reqps"
    OPERATIONS_PER_SECOND = "ops"
    EVENTS_PER_SECOND = "cps"
    COUNT = "short"
    DOLLARS = "currencyUSD"
    BYTES = "bytes"
    STATE = "none"


class Kind(Enum):
    """Ways of drawing a panel."""

    LINES = "lines"
    STACK = "stack"
    VALUE = "value"
    STATES = "states"
    HEATMAP = "heatmap"


class Palette(Enum):
    """Meanings that have fixed colours, wherever they appear."""

    CLASSIC = "classic"
    ERROR_BUDGET = "error budget"
    STATUS_CLASS = "status class"
    OUTCOME = "outcome"


class AlertState(IntEnum):
    """States of an alert as numbers, so that a timeline can draw them; the names are Prometheus's."""

    INACTIVE = 0
    PENDING = 1
    FIRING = 2


@dataclass(frozen=True)
class Query:
    """One PromQL expression and the legend of its series, as Grafana's format (`{{label}}`).

    With `exemplars`, single cases are drawn over it; each opens its trace.
    """

    expr: str
    legend: str
    exemplars: bool = False


@dataclass(frozen=True)
class Link:
    """Where a click leads: from a board or, with the clicked series' labels in its url, from a panel."""

    title: str
    url: str

    @property
    def needs_series(self) -> bool:
        """Whether it can only be followed from a series, whose labels it names."""
        return "${__field" in self.url


@dataclass(frozen=True)
class Threshold:
    """From `value` upwards the panel takes the colour of `level`; None is everything below the first value."""

    level: str
    value: Decimal | None


@dataclass(frozen=True)
class Panel:
    """One panel. The title identifies it within its board."""

    title: str
    description: str
    unit: Unit
    queries: tuple[Query, ...]
    kind: Kind = Kind.LINES
    thresholds: tuple[Threshold, ...] = ()
    palette: Palette = Palette.CLASSIC
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Row:
    """Panels side by side under one heading, of equal width."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Variable:
    """A drop-down of label values; its name is the label's."""

    name: str
    query: str


@dataclass(frozen=True)
class Mark:
    """A moment drawn over all panels, while the expression has a series; `text` as a query's legend."""

    name: str
    expr: str
    text: str
    colour: str


@dataclass(frozen=True)
class Board:
    """One dashboard. The uid names its file and never changes, since links and bookmarks hold it."""

    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...] = ()
    tags: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    marks: tuple[Mark, ...] = ()

    def panels(self) -> Iterator[Panel]:
        """All panels, from top left to bottom right."""
        for row in self.rows:
            yield from row.panels
