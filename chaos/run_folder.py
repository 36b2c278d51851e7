"""The folder of one run: the names of its files, and the event log that all its processes append to."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FOLDER_VARIABLE = "GAMEDAY_RUN"


@dataclass(frozen=True)
class RunFolder:
    """Paths of one run below `root`; every process of the run finds it through `GAMEDAY_RUN`."""

    root: Path

    @classmethod
    def create(cls, parent: Path, experiment: str) -> RunFolder:
        """Make `<parent>/<UTC time>-<experiment>` and point `<parent>/latest` at it."""
        root = parent / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{experiment}"
        folder = cls(root.absolute())
        folder.make()
        _point(parent / "latest", root)
        return folder

    def make(self) -> None:
        """Create the folder and those that the lab and the load write to."""
        for folder in (self.root, self.lab, self.load):
            folder.mkdir(parents=True)

    @classmethod
    def from_environment(cls) -> RunFolder:
        """The folder of the run that started this process; KeyError outside a run."""
        return cls(Path(os.environ[FOLDER_VARIABLE]))

    @property
    def lab(self) -> Path:
        return self.root / "lab"

    @property
    def load(self) -> Path:
        return self.root / "load"

    @property
    def events(self) -> Path:
        return self.root / "events.jsonl"

    @property
    def plan(self) -> Path:
        return self.root / "plan.json"

    @property
    def rollbacks(self) -> Path:
        return self.root / "rollbacks.jsonl"

    @property
    def experiment(self) -> Path:
        return self.root / "experiment.json"

    @property
    def journal(self) -> Path:
        return self.root / "journal.json"

    @property
    def result(self) -> Path:
        return self.root / "result.json"

    def record(self, kind: str, at: float | None = None, **details: Any) -> None:
        """Append one event (`at` in unix seconds, now by default) in a single write."""
        event = {"kind": kind, "at": time.time() if at is None else at, **details}
        append_line(self.events, event)

    def recorded(self, kind: str | None = None) -> list[dict[str, Any]]:
        """Events so far, oldest first, of one kind or of all."""
        return [event for event in read_lines(self.events) if kind in (None, event["kind"])]


def append_line(path: Path, document: dict[str, Any]) -> None:
    """Append one JSON line with a single write, so that processes can share the file."""
    line = json.dumps(document, separators=(",", ":")) + "\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Complete JSON lines of a file that may still be written to; none if it is not there yet."""
    if not path.exists():
        return []
    whole = path.read_text().rpartition("\n")[0]
    return [json.loads(line) for line in whole.splitlines()]


def _point(link: Path, target: Path) -> None:
    fresh = link.with_name(f".latest-{os.getpid()}")
    fresh.symlink_to(target.name)
    fresh.replace(link)
