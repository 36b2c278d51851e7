"""Reads what a tenant has used, and what of it is billed."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from service.domain.c2pa_facts import EventType
from service.domain.paging import decode_cursor, encode_cursor
from service.ledger import keys
from service.ledger.connection import Ledger, Operation
from service.ledger.scripts import load_script
from service.ledger.span import Span

_POSITION = r"\d{4}-\d\d(?:-\d\d(?:T\d\d)?)?\|(?:" + "|".join(EventType) + ")"


class Granularity(StrEnum):
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


_PERIOD_LENGTHS = {
    Granularity.HOUR: len("2026-11-23T06"),
    Granularity.DAY: len("2026-11-23"),
    Granularity.MONTH: len("2026-11"),
}
_FORMATS = {Granularity.HOUR: "%Y-%m-%dT%H", Granularity.DAY: "%Y-%m-%d", Granularity.MONTH: "%Y-%m"}

Counts = Mapping[tuple[str, str], int]
"""Units by period, as 2026-11-23T06 or a beginning of that, and event type."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """`start` is that of the hour, day or month, in UTC; a bucket without usage is not there."""

    start: datetime
    event_type: EventType
    value: int


@dataclass(frozen=True, slots=True)
class UsagePage:
    """`totals` is of the whole range, not of the page."""

    buckets: tuple[Bucket, ...]
    totals: Mapping[EventType, int]
    next_cursor: str | None


class UsageReader:
    """Reads counters; raises LedgerUnavailableError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._read = load_script("read_hashes")

    async def page(  # one argument for each that a client may give
        self,
        tenant_id: str,
        start: datetime,
        end: datetime,
        granularity: Granularity,
        event_type: EventType | None,
        cursor: str | None,
        limit: int,
    ) -> UsagePage:
        """At most `limit` buckets of the hours that [start, end) touches, in order; raises ValidationError on `cursor`.

        A page and its totals are read one after the other, so that usage which comes between may be in one alone.
        """
        span, listing = Span.around(start, end), f"usage-{granularity}"
        after = None if cursor is None else keys.parse_counter_field(decode_cursor(listing, cursor, _POSITION))
        reading = await self._begin(tenant_id, span, event_type)
        found: list[tuple[tuple[str, str], int]] = []
        for month in span.months():
            if len(found) <= limit and (after is None or month >= after[0][: len(month)]):
                counts = await self._month(reading, month, granularity)
                found += [item for item in sorted(counts.items()) if item[1] and (after is None or item[0] > after)]
        shown = found[:limit]
        return UsagePage(
            tuple(Bucket(_parse(period, granularity), EventType(kind), value) for (period, kind), value in shown),
            reading.totals(),
            encode_cursor(listing, keys.counter_field(*shown[-1][0])) if len(found) > limit else None,
        )

    async def billed(self, tenant_id: str, month: str) -> dict[EventType, int]:
        """Units of each event type that the bill of `month` counts; below zero after late corrections."""
        names = [keys.counter_field(month, event_type) for event_type in EventType]
        held = await self._ledger.command(Operation.READ_USAGE, "HMGET", keys.billed(tenant_id, month), *names)
        return {event_type: int(value or 0) for event_type, value in zip(EventType, held, strict=True)}

    async def billed_days(self, tenant_id: str, month: str) -> dict[str, dict[EventType, int]]:
        """Billed units by day of billing, in order, and event type."""
        return _by_day(await self._hash(keys.billed(tenant_id, month)))

    async def served_days(self, tenant_id: str, month: str) -> dict[str, dict[EventType, int]]:
        """All units, billed or not, by day of use, in order, and event type."""
        return _by_day(await self._hash(keys.hours(tenant_id, month)))

    async def day_spend(self, tenant_id: str, day: str) -> int:
        """List price, in micro-cents, of what was accepted on `day` (2026-11-23)."""
        held = await self._ledger.command(Operation.READ_USAGE, "HGET", keys.spend(tenant_id), day)
        return int(held or 0)

    async def trial_used(self, tenant_id: str) -> dict[EventType, int]:
        """Units of each event type that the trial covered."""
        held = await self._ledger.command(Operation.READ_USAGE, "HGETALL", keys.trial(tenant_id))
        return {event_type: int(held.get(event_type, 0)) for event_type in EventType}

    async def _begin(self, tenant_id: str, span: Span, event_type: EventType | None) -> "_Reading":
        partial = span.partial_months()
        names = [keys.months(tenant_id), *(keys.hours(tenant_id, month) for month in partial)]
        months, *hours = await self._ledger.script(Operation.READ_USAGE, self._read, names, [])
        reading = _Reading(tenant_id, span, event_type, {}, {})
        wanted = set(span.months())
        reading.months.update({key: value for key, value in reading.chosen(months) if key[0] in wanted})
        reading.hours.update({month: reading.within(reply) for month, reply in zip(partial, hours, strict=True)})
        return reading

    async def _month(self, reading: "_Reading", month: str, granularity: Granularity) -> Counts:
        """The month's buckets; its hours are read only where they are needed and where there are any."""
        whole = {key: value for key, value in reading.months.items() if key[0] == month}
        if month in reading.hours:
            return _grouped(reading.hours[month], granularity)
        if granularity is Granularity.MONTH or not whole:
            return whole
        [hours] = await self._ledger.script(
            Operation.READ_USAGE, self._read, [keys.hours(reading.tenant_id, month)], []
        )
        return _grouped(reading.within(hours), granularity)

    async def _hash(self, name: str) -> dict[tuple[str, str], int]:
        [reply] = await self._ledger.script(Operation.READ_USAGE, self._read, [name], [])
        return dict(_counters(reply))


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one page's reading knows: all month counters of the span, and the hours of its partial months."""

    tenant_id: str
    span: Span
    event_type: EventType | None
    months: dict[tuple[str, str], int]
    hours: dict[str, Counts]

    def chosen(self, reply: list[str]) -> Iterator[tuple[tuple[str, str], int]]:
        return (item for item in _counters(reply) if self.event_type is None or item[0][1] == self.event_type)

    def within(self, reply: list[str]) -> Counts:
        return {key: value for key, value in self.chosen(reply) if self.span.has(key[0])}

    def totals(self) -> dict[EventType, int]:
        whole = {key: value for key, value in self.months.items() if key[0] not in self.hours}
        summed: Counter[EventType] = Counter()
        for counts in (whole, *self.hours.values()):
            for (_, event_type), value in counts.items():
                summed[EventType(event_type)] += value
        return {event_type: summed[event_type] for event_type in EventType if summed[event_type]}


def _grouped(hours: Counts, granularity: Granularity) -> Counts:
    grouped: Counter[tuple[str, str]] = Counter()
    for (hour, event_type), value in hours.items():
        grouped[hour[: _PERIOD_LENGTHS[granularity]], event_type] += value
    return grouped


def _by_day(counts: Counts) -> dict[str, dict[EventType, int]]:
    hours = {key: value for key, value in counts.items() if len(key[0]) == _PERIOD_LENGTHS[Granularity.HOUR]}
    days: defaultdict[str, dict[EventType, int]] = defaultdict(dict)
    for (day, event_type), value in sorted(_grouped(hours, Granularity.DAY).items()):
        days[day][EventType(event_type)] = value
    return dict(days)


def _counters(reply: Iterable[str]) -> Iterator[tuple[tuple[str, str], int]]:
    parts = iter(reply)
    return ((keys.parse_counter_field(name), int(value)) for name, value in zip(parts, parts, strict=True))


def _parse(period: str, granularity: Granularity) -> datetime:
    return datetime.strptime(period, _FORMATS[granularity]).replace(tzinfo=UTC)
