"""Usage by meter and customer, in the order of its timestamps, so that a period is found without a walk over all."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from itertools import groupby

from chaos.lab.stripe_sandbox.objects import Object

Entry = tuple[int, int, int]  # timestamp, order of arrival, value


class Usage:
    """What was reported and not cancelled."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], list[Entry]] = {}
        self._arrivals: dict[str, tuple[tuple[str, str], Entry]] = {}

    def add(self, meter: Object, customer_id: str, identifier: str, timestamp: int, value: int) -> None:
        """Count one event."""
        key, entry = (meter["id"], customer_id), (timestamp, len(self._arrivals), value)
        insort(self._entries.setdefault(key, []), entry)
        self._arrivals[identifier] = (key, entry)

    def cancel(self, identifier: str) -> None:
        """Count the event no more."""
        key, entry = self._arrivals[identifier]
        entries = self._entries[key]
        position = bisect_left(entries, entry)
        if position < len(entries) and entries[position] == entry:
            del entries[position]

    def between(self, meter_id: str, customer_id: str, start: int, end: int) -> Sequence[Entry]:
        """The events with start <= timestamp < end."""
        entries = self._entries.get((meter_id, customer_id), [])
        return entries[bisect_left(entries, (start, -1, 0)) : bisect_left(entries, (end, -1, 0))]

    def windows(
        self, meter_id: str, customer_id: str, start: int, end: int, width: int
    ) -> Iterator[tuple[int, Sequence[Entry]]]:
        """The same events by windows of `width` seconds from `start` on; empty windows are left out."""
        found = self.between(meter_id, customer_id, start, end)
        for number, entries in groupby(found, key=lambda entry: (entry[0] - start) // width):
            yield start + number * width, list(entries)


def aggregate(meter: Object, entries: Sequence[Entry]) -> int:
    """One figure, by the meter's formula."""
    match meter["default_aggregation"]["formula"]:
        case "count":
            return len(entries)
        case "last":
            return entries[-1][2] if entries else 0
        case _:
            return sum(value for _, _, value in entries)
