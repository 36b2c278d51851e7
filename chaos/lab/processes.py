"""Programs of the lab as processes: started with a marker, watched, stopped for certain."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from chaos.errors import LabError

MARKER_VARIABLE = "GAMEDAY_LAB"
_STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Command:
    """How one program is started; `env` is added to this process' environment.

    A program that `ends` by itself is expected to; the end of any other is a failure of the lab.
    """

    name: str
    argv: tuple[str, ...]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    ends: bool = False


class Running:
    """A started program."""

    def __init__(self, command: Command, process: asyncio.subprocess.Process) -> None:
        self.command = command
        self.pid = process.pid
        self.created = psutil.Process(process.pid).create_time()
        self._process = process
        self._stopping = False

    @classmethod
    async def start(cls, command: Command, lab_id: str) -> Running:
        """Start in a session of its own, so that a Ctrl-C meant for us does not reach it."""
        environment = {**os.environ, **command.env, MARKER_VARIABLE: lab_id}
        with command.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        return cls(command, process)

    @property
    def returncode(self) -> int | None:
        return self._process.returncode

    def died(self) -> LabError | None:
        """The error that says so, if the program ended without being asked to."""
        if self._process.returncode is None or self._stopping or self.command.ends:
            return None
        return LabError(
            f"{self.command.name} died (exit {self._process.returncode}); "
            f"its last line in {self.command.log}: {last_line(self.command.log)}"
        )

    async def wait(self, seconds: float) -> int | None:
        """Exit code, or None if it is still running after `seconds`."""
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(self._process.wait(), seconds)
        return None

    async def stop(self, seconds: float = _STOP_SECONDS) -> int:
        """Ask, wait, insist: the program is gone when this returns its exit code."""
        self._stopping = True
        if self._process.returncode is None:
            self._signal(signal.SIGCONT)
            self._signal(signal.SIGTERM)
            if await self.wait(seconds) is None:
                return await self.kill()
        return await self._process.wait()

    async def kill(self) -> int:
        """End it at once."""
        self._stopping = True
        self._signal(signal.SIGKILL)
        return await self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)


def last_line(log: Path) -> str:
    """The last line of a log that says something, shortened."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else "(nothing)"


def marked_processes(lab_id: str) -> list[psutil.Process]:
    """Every process of this user that belongs to the lab, started by whomever."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARKER_VARIABLE) == lab_id:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess, OSError):
            continue  # gone meanwhile, or not ours to read: not of the lab
    return found
