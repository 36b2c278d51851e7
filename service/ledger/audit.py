"""Compares what clients were promised with what the ledger holds, recomputed from its raw events."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from service.ledger import keys

EventKey = tuple[str, str]
"""Tenant id and event id."""
CounterKey = tuple[str, str, str]
"""Tenant id, hour or month, event type."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event, as a client saw it acknowledged or as the ledger's stream holds it."""

    tenant_id: str
    event_id: str
    event_type: str
    value: int
    timestamp: datetime

    @property
    def key(self) -> EventKey:
        return self.tenant_id, self.event_id


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
        for period in (keys.hour_of(entry.timestamp), keys.month_of(entry.timestamp)):
            expected[entry.tenant_id, period, entry.event_type] += entry.value
    promised: defaultdict[EventKey, list[Entry]] = defaultdict(list)
    for entry in acknowledged:
        promised[entry.key].append(entry)
    return Audit(
        acknowledged=len(promised),
        lost=tuple(key for key, wanted in promised.items() if not _all_held(wanted, held.get(key, []))),
        doubled=tuple(key for key, found in held.items() if len(found) > 1),
        unacknowledged=tuple(key for key in held if key not in promised),
        counter_mismatches=tuple(sorted(_mismatches(expected, counters))),
    )


def _all_held(wanted: Iterable[Entry], found: Iterable[Entry]) -> bool:
    amounts = {(entry.event_type, entry.value) for entry in found}
    return all((entry.event_type, entry.value) in amounts for entry in wanted)


def _mismatches(expected: Mapping[CounterKey, int], counters: Mapping[CounterKey, int]) -> set[CounterKey]:
    return {key for key in {*expected, *counters} if expected.get(key, 0) != counters.get(key, 0)}
