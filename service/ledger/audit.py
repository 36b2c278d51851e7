"""Compares what clients were promised with what the ledger holds, recomputed from its raw events and corrections."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.ledger import keys

EventKey = tuple[str, str]
"""Tenant id and event id."""
CounterKey = tuple[str, str, str]
"""Tenant id; hour or month, `billed` and one of these, `trial`, or `spend` and a day; event type, or the unit."""
USAGE, BILLED, TRIAL, SPEND, MICROCENTS = "usage", "billed", "trial", "spend", "microcents"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event or correction, as a client saw it acknowledged or as the ledger's stream holds it.

    The rest is known only of what the stream holds: `billed_hour` is empty for what the trial covers, and
    `price_microcents` is its part of the day's spend.
    """

    tenant_id: str
    event_id: str
    event_type: str
    value: int
    timestamp: datetime
    kind: str = USAGE
    billed_hour: str = ""
    day: str = ""
    price_microcents: int = 0

    @property
    def key(self) -> EventKey:
        """Unlike any event's for a correction: no event id has a space in it."""
        return self.tenant_id, self.event_id if self.kind == USAGE else f"{self.kind} {self.event_id}"

    def counted(self) -> Iterator[tuple[CounterKey, int]]:
        """Every counter that the entry raised, and by how much."""
        yield (self.tenant_id, keys.hour_of(self.timestamp), self.event_type), self.value
        yield (self.tenant_id, keys.month_of(self.timestamp), self.event_type), self.value
        if self.billed_hour:
            month = self.billed_hour[: len("2026-11")]
            yield (self.tenant_id, f"{BILLED} {self.billed_hour}", self.event_type), self.value
            yield (self.tenant_id, f"{BILLED} {month}", self.event_type), self.value
        else:
            yield (self.tenant_id, TRIAL, self.event_type), self.value
        yield (self.tenant_id, f"{SPEND} {self.day}", MICROCENTS), self.price_microcents


@dataclass(frozen=True, slots=True)
class Audit:
    """What differs; each event and each counter stands once. Unacknowledged events are no fault."""

    acknowledged: int
    lost: tuple[EventKey, ...]
    doubled: tuple[EventKey, ...]
    unacknowledged: tuple[EventKey, ...]
    counter_mismatches: tuple[CounterKey, ...]

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.counter_mismatches)

    def counts(self) -> dict[str, int]:
        return {
            "acknowledged": self.acknowledged,
            "lost": len(self.lost),
            "doubled": len(self.doubled),
            "unacknowledged": len(self.unacknowledged),
            "counter_mismatches": len(self.counter_mismatches),
        }


def audit(acknowledged: Iterable[Entry], entries: Iterable[Entry], counters: Mapping[CounterKey, int]) -> Audit:
    """Judge the stream's `entries` and the ledger's `counters` by what was acknowledged."""
    held: defaultdict[EventKey, list[Entry]] = defaultdict(list)
    expected: Counter[CounterKey] = Counter()
    for entry in entries:
        held[entry.key].append(entry)
        for counter, value in entry.counted():
            expected[counter] += value
    promised: defaultdict[EventKey, list[Entry]] = defaultdict(list)
    for entry in acknowledged:
        promised[entry.key].append(entry)
    return Audit(
        acknowledged=len(promised),
        lost=tuple(key for key, wanted in promised.items() if not _all_held(wanted, held.get(key, []))),
        doubled=tuple(key for key, found in held.items() if _has_twins(found)),
        unacknowledged=tuple(key for key, found in held.items() if key not in promised and found[0].kind == USAGE),
        counter_mismatches=tuple(sorted(_mismatches(expected, counters))),
    )


def _has_twins(found: Sequence[Entry]) -> bool:
    """Whether an id was taken twice: an event's is its own on each UTC day, a correction's for ever."""
    return len({entry.timestamp.date() if entry.kind == USAGE else None for entry in found}) < len(found)


def _all_held(wanted: Iterable[Entry], found: Iterable[Entry]) -> bool:
    amounts = {(entry.event_type, entry.value) for entry in found}
    return all((entry.event_type, entry.value) in amounts for entry in wanted)


def _mismatches(expected: Mapping[CounterKey, int], counters: Mapping[CounterKey, int]) -> set[CounterKey]:
    return {key for key in {*expected, *counters} if expected.get(key, 0) != counters.get(key, 0)}
