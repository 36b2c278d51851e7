"""What happened to an SLO over a period: requests and errors by the hour, and the alerts that fired."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from slo.model import Slo


@dataclass(frozen=True)
class Hour:
    """Requests and errors of the hour that ends `at` (unix seconds)."""

    at: float
    requests: float
    errors: float


@dataclass(frozen=True)
class Day:
    """One UTC day."""

    date: str
    requests: float
    errors: float

    @property
    def error_ratio(self) -> float | None:
        return self.errors / self.requests if self.requests else None


@dataclass(frozen=True)
class Alert:
    """A run of an alert that fired, from its first evaluation to its last, to a minute."""

    name: str
    severity: str
    pair: str
    start: float
    end: float


@dataclass(frozen=True)
class Account:
    """One SLO, or one group of it. Ratios are None where nobody measured."""

    slo: Slo
    group: str
    hours: tuple[Hour, ...]
    alerts: tuple[Alert, ...]
    expected_hours: int

    @property
    def name(self) -> str:
        return f"{self.slo.name} {{{self.group}}}" if self.group else self.slo.name

    @property
    def requests(self) -> float:
        return sum(hour.requests for hour in self.hours)

    @property
    def errors(self) -> float:
        return sum(hour.errors for hour in self.hours)

    @property
    def error_ratio(self) -> float | None:
        return self.errors / self.requests if self.requests else None

    @property
    def sli_ratio(self) -> float | None:
        return None if self.error_ratio is None else 1 - self.error_ratio

    @property
    def budget_spent_ratio(self) -> float | None:
        return None if self.error_ratio is None else self.error_ratio / float(self.slo.objective.error_budget)

    @property
    def verdict(self) -> str:
        """Whether the objective was kept, as far as anybody measured."""
        if self.budget_spent_ratio is None:
            return "not measured"
        return "kept" if self.budget_spent_ratio <= 1 else "missed"

    @property
    def measured_ratio(self) -> float:
        """The share of the period's hours in which requests were counted."""
        return min(1.0, len(self.hours) / self.expected_hours) if self.expected_hours else 0.0

    def days(self) -> list[Day]:
        """Each UTC day with its sums; an hour belongs to the day in which it begins."""
        dated = ((datetime.fromtimestamp(hour.at - 1, UTC).date().isoformat(), hour) for hour in self.hours)
        by_date = ((date, [hour for _, hour in found]) for date, found in groupby(dated, key=lambda pair: pair[0]))
        return [
            Day(date, sum(hour.requests for hour in hours), sum(hour.errors for hour in hours))
            for date, hours in by_date
        ]

    def spent_by(self, errors: float) -> float:
        """The share that these errors are of the budget that all of the period's requests make."""
        allowed = self.requests * float(self.slo.objective.error_budget)
        return errors / allowed if allowed else 0.0

    def spending(self) -> list[tuple[float, float]]:
        """(unix seconds, share of the budget spent so far) at the end of each hour."""
        errors, points = 0.0, []
        for hour in self.hours:
            errors += hour.errors
            points.append((hour.at, self.spent_by(errors)))
        return points
