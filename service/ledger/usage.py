"""Reads what a tenant has used."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from service.domain.usage import MAX_AGE, MAX_AHEAD
from service.ledger import keys
from service.ledger.connection import Ledger, Operation
from service.ledger.scripts import load_script


@dataclass(frozen=True, slots=True)
class HourUsage:
    """`hour` is its start in UTC, as 2026-11-23T06."""

    hour: str
    event_type: str
    value: int


@dataclass(frozen=True, slots=True)
class Usage:
    """`totals` covers all time; `hours` the months in which events can still arrive, in order."""

    totals: dict[str, int]
    hours: tuple[HourUsage, ...]


class UsageReader:
    """Reads counters as of one moment; raises LedgerUnavailableError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._read = load_script("read_usage")

    async def read(self, tenant_id: str, now: datetime) -> Usage:
        names = [keys.months(tenant_id), *(keys.hours(tenant_id, month) for month in open_months(now))]
        months, *hours = await self._ledger.script(Operation.READ_USAGE, self._read, names, [])
        totals: Counter[str] = Counter()
        for _, event_type, value in _counters(months):
            totals[event_type] += value
        found = (HourUsage(*counter) for reply in hours for counter in _counters(reply))
        return Usage(dict(totals), tuple(sorted(found, key=lambda usage: (usage.hour, usage.event_type))))


def open_months(now: datetime) -> list[str]:
    """The months that an event reported now may fall into."""
    first, last = now - MAX_AGE, now + MAX_AHEAD
    months = [keys.month_of(first)]
    while months[-1] != keys.month_of(last):
        year, month = divmod(int(months[-1][:4]) * 12 + int(months[-1][5:]), 12)
        months.append(f"{year:04d}-{month + 1:02d}")
    return months


def _counters(reply: list[str]) -> Iterator[tuple[str, str, int]]:
    for name, value in zip(reply[::2], reply[1::2], strict=True):
        period, event_type = keys.parse_counter_field(name)
        yield period, event_type, int(value)
