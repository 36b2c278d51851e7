"""What must be undone, written down before it is done.

A fault is entered, with its undo and a deadline, before it is injected. The experiment's rollback settles the entry;
the watchdog settles it when the deadline passes or when the runner is gone. A fault that could not be undone stays
open, with the reason beside it, and is tried again.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests
from urllib3.exceptions import NewConnectionError

from chaos.run_folder import append_line, read_lines

_SECONDS = 5.0


@dataclass(frozen=True)
class Entry:
    """One fault to be undone by `deadline`: `resume` the process `pid` (started at `created`), both in unix seconds.

    A fault with a `url` is one that somebody else keeps, who takes it back on DELETE; it has no process.
    """

    id: str
    pid: int
    created: float
    deadline: float
    url: str = ""


def enter(ledger: Path, entry: Entry) -> None:
    """Write a fault down; call it before the fault."""
    append_line(ledger, {"open": entry.id, **vars(entry)})


def open_entries(ledger: Path) -> list[Entry]:
    """Faults that nobody has undone yet."""
    lines = read_lines(ledger)
    settled = {line["settled"] for line in lines if "settled" in line}
    return [
        Entry(line["id"], line["pid"], line["created"], line["deadline"], line["url"])
        for line in lines
        if "open" in line and line["open"] not in settled
    ]


def settle(ledger: Path, entry: Entry, by: str) -> None:
    """Undo one fault and note who did; raises requests.RequestException where its keeper did not."""
    outcome = take_back(entry.url) if entry.url else resume(entry.pid, entry.created)
    append_line(ledger, {"settled": entry.id, "by": by, "outcome": outcome, "at": time.time()})


def settle_each(ledger: Path, entries: Iterable[Entry], by: str) -> list[Entry]:
    """Undo each fault, whatever becomes of the others; return those that were."""
    return [entry for entry in entries if _is_settled(ledger, entry, by)]


def settle_overdue(ledger: Path, now: float) -> list[Entry]:
    """Undo every fault whose deadline has passed; return those that were."""
    return settle_each(ledger, [entry for entry in open_entries(ledger) if entry.deadline <= now], by="watchdog")


def _is_settled(ledger: Path, entry: Entry, by: str) -> bool:
    try:
        settle(ledger, entry, by)
    except requests.RequestException as error:
        _note_failure(ledger, entry, by, str(error))
        return False
    return True


def _note_failure(ledger: Path, entry: Entry, by: str, why: str) -> None:
    """Once for each who tried: the watchdog tries four times a second."""
    known = {(line["failed"], line["by"]) for line in read_lines(ledger) if "failed" in line}
    if (entry.id, by) not in known:
        append_line(ledger, {"failed": entry.id, "by": by, "why": why, "at": time.time()})


def resume(pid: int, created: float) -> str:
    """Let a stopped process go on: `resumed`, or `gone` if it (by pid and start time) is no more."""
    try:
        process = psutil.Process(pid)
        if process.create_time() != created:
            return "gone"
        process.send_signal(signal.SIGCONT)
    except psutil.NoSuchProcess:
        return "gone"
    return "resumed"


def take_back(url: str) -> str:
    """Have a fault taken back by who keeps it: `removed`, or `gone` if there is no such fault or nobody keeps it.

    Raises requests.RequestException where neither is known: no answer in time, a broken one, or a refusal.
    """
    try:
        answer = requests.delete(url, timeout=_SECONDS)
    except requests.ConnectionError as error:
        if isinstance(getattr(error.args[0], "reason", None), NewConnectionError):
            return "gone"
        raise
    if answer.status_code == requests.codes.not_found:
        return "gone"
    answer.raise_for_status()
    return "removed"
