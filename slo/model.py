"""The words of the engine: windows, objectives, SLOs and alert policies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from slo.calendar import Calendar
from slo.errors import SloError
from slo.indicator import Counted, Indicator, Slices
from slo.query import Counter
from slo.selector import Selector
from slo.window import LARGEST_SCALE, Window, plain, range_text

__all__ = [
    "LARGEST_SCALE",
    "Alerting",
    "Guard",
    "Objective",
    "Pair",
    "Policy",
    "Severity",
    "Slo",
    "Window",
    "plain",
    "range_text",
]


@dataclass(frozen=True)
class Objective:
    """The ratio of good events, in (0, 1), that the SLO promises over its period.

    Where the period begins with a date there is a `calendar`, and `period` is its usual length.
    """

    target: Decimal
    period: Window
    calendar: Calendar | None = None

    @property
    def error_budget(self) -> Decimal:
        return 1 - self.target


class Severity(StrEnum):
    """Who hears of it: somebody now, or somebody on a working day."""

    PAGE = "page"
    TICKET = "ticket"


@dataclass(frozen=True)
class Guard:
    """What a long window must hold before its pair may fire, so that one failure of a quiet night wakes nobody."""

    events: int = 0
    failures: int = 0


@dataclass(frozen=True)
class Pair:
    """Alert when both windows burn faster than `burn_rate`; by then `budget_share` of the budget is spent.

    With `hold` they have to do so for that long; with a `guard` there must have been enough events.
    """

    severity: Severity
    long: Window
    short: Window
    burn_rate: Decimal
    budget_share: Decimal
    hold: Window | None = None
    guard: Guard | None = None

    @property
    def name(self) -> str:
        return f"{self.short}@{self.long}"

    def threshold(self, objective: Objective) -> Decimal:
        """The error ratio that both windows have to exceed."""
        return self.burn_rate * objective.error_budget


@dataclass(frozen=True)
class Policy:
    """The pairs that guard an SLO of the given period, and who else wants to know."""

    name: str
    source: str
    period: Window
    pairs: tuple[Pair, ...]
    when_absent: bool = True
    targets: tuple[str, ...] = ()

    @property
    def pages(self) -> bool:
        """Whether anything of it wakes somebody."""
        return any(pair.severity is Severity.PAGE for pair in self.pairs)


@dataclass(frozen=True)
class Alerting:
    """What a document wants its alerts to be called and to carry, by severity where there is one."""

    name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    disabled: bool = False
    by_severity: Mapping[Severity, "Alerting"] = field(default_factory=dict, hash=False)

    def of(self, severity: Severity) -> "Alerting":
        return self.by_severity.get(severity, _PLAIN)


_PLAIN = Alerting()


@dataclass(frozen=True)
class Slo:
    """One objective about one indicator, kept apart for each value of the labels `groups`.

    `policy` names the policies that guard it, joined by "+"; `own` holds those that its documents define. Where
    `part_may_exceed` its two counters count different moments, so that a part above the total is no contradiction.
    """

    name: str
    title: str
    service: str
    objective: Objective
    indicator: Indicator
    policy: str
    groups: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    alerting: Alerting = field(default_factory=Alerting)
    guard: Guard | None = None
    own: tuple[Policy, ...] = ()
    runbook: str | None = None
    unit: str = "requests"
    part_may_exceed: bool = False
    place: str = field(default="", compare=False)

    @property
    def total(self) -> Selector:
        """The counter of all events; a SloError where the indicator counts none by a plain selector."""
        inner = self.indicator.inner if isinstance(self.indicator, Slices) else self.indicator
        if isinstance(inner, Counted) and isinstance(inner.total, Counter):
            return inner.total.selector
        raise SloError(f"slo {self.name}: expected an indicator with a counter of all events")
