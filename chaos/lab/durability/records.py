"""What the clients put down: each event before it is first sent, and what they were told of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from chaos.lab.durability.stripe_account import Pair

ACKNOWLEDGED = "acknowledged.jsonl"
_REPORTED = "reported.jsonl"
_REFUSED = "refused.jsonl"


@dataclass(frozen=True, slots=True)
class Event:
    """One usage event of a tenant, in the form that `billing audit --acknowledged` reads."""

    tenant_id: str
    event_id: str
    event_type: str
    value: int
    timestamp: str


class Records:
    """Three files below a folder; a line is written whole, before anything rests on it.

    `enough` is set once `goal` events are acknowledged.
    """

    def __init__(self, folder: Path, goal: int = 0) -> None:
        self.enough = asyncio.Event()
        self._goal = goal
        self._files = {name: folder / name for name in (_REPORTED, ACKNOWLEDGED, _REFUSED)}
        self._open = {name: path.open("wb", buffering=0) for name, path in self._files.items()}
        self.counts: Counter[str] = Counter()

    @property
    def acknowledged_file(self) -> Path:
        return self._files[ACKNOWLEDGED]

    @property
    def acknowledged_count(self) -> int:
        return self.counts[ACKNOWLEDGED]

    @property
    def refused_count(self) -> int:
        return self.counts[_REFUSED]

    def reported(self, events: Sequence[Event]) -> None:
        """These are about to be sent for the first time."""
        self._write(_REPORTED, events)

    def acknowledged(self, events: Sequence[Event]) -> None:
        """These were answered as accepted or duplicate."""
        self._write(ACKNOWLEDGED, events)
        if self.acknowledged_count >= self._goal:
            self.enough.set()

    def refused(self, events: Sequence[Event]) -> None:
        """These were answered as rejected, so that they must never be billed."""
        self._write(_REFUSED, events)

    def least(self) -> Counter[Pair]:
        """What must be billed: the acknowledged values."""
        return _sums(self._read(ACKNOWLEDGED))

    def most(self) -> Counter[Pair]:
        """What may be billed: all reported values but the refused, as an unanswered event may have been taken."""
        return _sums(self._read(_REPORTED)) - _sums(self._read(_REFUSED))

    def close(self) -> None:
        for file in self._open.values():
            file.close()

    def _write(self, name: str, events: Sequence[Event]) -> None:
        self._open[name].write(b"".join(msgspec.json.encode(event) + b"\n" for event in events))
        self.counts[name] += len(events)

    def _read(self, name: str) -> Iterator[Event]:
        with self._files[name].open("rb") as lines:
            for line in lines:
                yield msgspec.json.decode(line, type=Event)


def _sums(events: Iterable[Event]) -> Counter[Pair]:
    sums: Counter[Pair] = Counter()
    for event in events:
        sums[event.tenant_id, event.event_type] += event.value
    return sums
