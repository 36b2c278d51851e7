"""A range of whole hours, and the months that it touches."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from service.domain.billing_period import month_start
from service.ledger import keys

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole hours from `start` to `end`, the end excluded; in UTC."""

    start: datetime
    end: datetime

    @classmethod
    def around(cls, start: datetime, end: datetime) -> "Span":
        """The hours that [start, end) touches."""
        return cls(_hour_start(start), _hour_start(end - timedelta(microseconds=1)) + _HOUR)

    def months(self) -> list[str]:
        found, month = [], month_start(self.start)
        while month < self.end:
            found.append(keys.month_of(month))
            month = month_start(month + timedelta(days=31))
        return found

    def partial_months(self) -> list[str]:
        """Months of which hours lie outside."""
        whole = self.start == month_start(self.start), self.end == month_start(self.end)
        first, last = keys.month_of(self.start), keys.month_of(self.end - _HOUR)
        return sorted({month for month, is_whole in zip((first, last), whole, strict=True) if not is_whole})

    def has(self, hour: str) -> bool:
        return keys.hour_of(self.start) <= hour < keys.hour_of(self.end)


def _hour_start(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
