"""The books of one shard, kept twice: as its counters say, and as its journal adds up. Pure."""

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import date, timedelta

from service.audit.acknowledged import Acknowledged
from service.audit.figures import Figures, Place
from service.ledger.journal import JournalEntry
from service.ledger.tally import USED, raised, used_hour

CounterName = tuple[str, str]
"""The key of a hash, and the field in it."""
_DAY = len("2026-11-23")
_CLAIMED = timedelta(days=37)
"""So long after an event's day its id is free again, at the latest."""


class ShardBooks:
    """Takes the entries of a shard in order and forgets each; what it keeps are sums, and the ids that are claimed."""

    def __init__(self, acknowledged: Collection[Acknowledged] = ()) -> None:
        self.figures: defaultdict[Place, Figures] = defaultdict(Figures)
        self.expected: Counter[CounterName] = Counter()
        self.entries = 0
        self.unacknowledged = 0
        self._missing = set(acknowledged)
        self._promised = {(event.tenant_id, event.event_id) for event in acknowledged}
        self._taken: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
        self._corrected: set[tuple[str, str]] = set()
        self._today = ""
        for event in acknowledged:
            self.figures[event.tenant_id, event.event_type, event.hour].acknowledged += event.value

    def take(self, entry: JournalEntry) -> None:
        """Raises KeyError or ValueError where it is no journal entry."""
        fields = entry.fields
        self.entries += 1
        for name, field, value in raised(fields):
            self.expected[name, field] += value
        if fields["kind"] in USED:
            self._use(fields["kind"], fields["tenant_id"], fields["event_id"], entry)
        elif fields["kind"] == "sealed":
            self.figures[fields["tenant_id"], fields["event_type"], fields["hour"]].sealed += int(fields["value"])

    def close(self) -> None:
        """Count what no entry was found for."""
        for event in self._missing:
            self.figures[event.tenant_id, event.event_type, event.hour].lost += 1

    def _use(self, kind: str, tenant_id: str, event_id: str, entry: JournalEntry) -> None:
        fields, hour = entry.fields, used_hour(entry.fields)
        figures = self.figures[tenant_id, fields["event_type"], hour]
        figures.archive += int(fields["value"])
        taken = self._corrected if kind == "correction" else self._taken[hour[:_DAY]]
        if (tenant_id, event_id) in taken:
            figures.doubled += 1
        elif kind == "usage" and (tenant_id, event_id) not in self._promised:
            self.unacknowledged += 1
        taken.add((tenant_id, event_id))
        self._missing.discard(Acknowledged(tenant_id, event_id, fields["event_type"], int(fields["value"]), hour))
        self._forget_before(fields["day"])

    def _forget_before(self, today: str) -> None:
        """Drop the ids that are free again, as the ledger does."""
        if today == self._today:
            return
        self._today = today
        first = str(date.fromisoformat(today) - _CLAIMED)
        for day in [each for each in self._taken if each < first]:
            del self._taken[day]
