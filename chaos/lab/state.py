"""What is running where: the lab's public face, one JSON file that its other processes read."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chaos.errors import LabError
from chaos.lab.scaling import Intervals

FILE_NAME = "state.json"


@dataclass(frozen=True)
class ProgramState:
    """A running program: its process, by pid and start time (unix seconds)."""

    pid: int
    created: float


@dataclass(frozen=True)
class LabState:
    """Addresses and processes of a running lab. `redis_password` opens Redis for probes and the audit."""

    lab_id: str
    scale: int
    intervals: Intervals
    ports: dict[str, int]
    urls: dict[str, str]
    programs: dict[str, ProgramState]
    redis_password: str

    def program(self, name: str) -> ProgramState:
        """LabError names the program if the lab does not run it."""
        if name not in self.programs:
            raise LabError(f"the lab runs no {name!r}; it runs {', '.join(sorted(self.programs))}")
        return self.programs[name]

    def write(self, folder: Path) -> None:
        """Replace the file as a whole, readable by its owner alone."""
        fresh = folder / f".{FILE_NAME}.{os.getpid()}"
        fresh.touch(0o600)
        fresh.write_text(json.dumps(asdict(self), indent=1))
        fresh.replace(folder / FILE_NAME)


def read_state(folder: Path) -> LabState:
    """The lab whose files are in `folder`; LabError if there is none."""
    path = folder / FILE_NAME
    if not path.exists():
        raise LabError(f"no lab runs in {folder}; expected its {FILE_NAME} there")
    document: dict[str, Any] = json.loads(path.read_text())
    document["intervals"] = Intervals(**document["intervals"])
    document["programs"] = {name: ProgramState(**one) for name, one in document["programs"].items()}
    return LabState(**document)
