"""The files a run leaves, one JSON document a line, each line written whole: they can be followed live."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

REQUESTS = "requests.jsonl"
ACKNOWLEDGED = "acknowledged.jsonl"
DROPPED = "dropped.jsonl"
SUMMARY = "load.json"
READY = "ready"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One finished attempt; times are unix seconds, status 0 means no answer, attempt counts from 1."""

    name: str
    intended: float
    sent: float
    ended: float
    status: int
    ok: bool
    error: str | None
    attempt: int


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """One event that the service answered as accepted or duplicate."""

    tenant_id: str
    event_id: str
    event_type: str
    value: int
    timestamp: str
    acknowledged_at: float


@dataclass(frozen=True, slots=True)
class Drop:
    """One arrival that was never sent, for a reason that lies with the generator."""

    name: str
    intended: float
    reason: str


class Journal:
    """An unbuffered JSON Lines file that starts empty."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=0)

    def write(self, rows: Iterable[Attempt | Acknowledgement | Drop]) -> None:
        """Append rows in one write, so that a reader never meets half a line."""
        lines = b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
        if lines:
            self._file.write(lines)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Records:
    """All files of one run in one folder; an earlier run's are replaced."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        for name in (READY, SUMMARY):
            (folder / name).unlink(missing_ok=True)
        self.requests = Journal(folder / REQUESTS)
        self.acknowledged = Journal(folder / ACKNOWLEDGED)
        self.dropped = Journal(folder / DROPPED)

    def announce_ready(self, unix_seconds: float) -> None:
        """Tell followers that tenants exist and arrivals begin."""
        (self._folder / READY).write_text(f"{unix_seconds}\n", encoding="utf-8")

    def write_summary(self, summary: object) -> None:
        """Write the run's figures; the file appears whole."""
        draft = self._folder / f"{SUMMARY}.new"
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n")
        draft.replace(self._folder / SUMMARY)

    def close(self) -> None:
        """Close every file."""
        for journal in (self.requests, self.acknowledged, self.dropped):
            journal.close()
