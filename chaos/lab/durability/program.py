"""One program under test: started until it answers, killed, hung and started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable

from chaos.errors import LabError
from chaos.lab.parts import Part
from chaos.lab.processes import Running
from chaos.lab.readiness import wait_ready

_START_SECONDS = 60.0
_PAUSE_SECONDS = 0.2


class Program:
    """A part of the lab that may die at any time; `started` is told the pid each time it is there again."""

    def __init__(self, part: Part, lab_id: str, started: Callable[[int], None] = lambda _: None) -> None:
        self.name = part.command.name
        self.start_seconds: list[float] = []
        self._part = part
        self._lab_id = lab_id
        self._started = started
        self._running: Running | None = None
        self._changing = asyncio.Lock()

    async def start(self) -> None:
        """Start it and wait until it answers.

        It may depend on another program that is just down, so that it is started again while it dies; LabError names
        what it died of when that takes too long.
        """
        began = time.monotonic()
        while True:
            try:
                await self._start_once()
                break
            except LabError:
                await self._end()
                if time.monotonic() - began > _START_SECONDS:
                    raise
                await asyncio.sleep(_PAUSE_SECONDS)
        self.start_seconds.append(time.monotonic() - began)

    async def restart(self, between: Callable[[], None] = lambda: None) -> None:
        """SIGKILL, do what is to be done while it is dead, and start it; one restart at a time."""
        async with self._changing:
            await self._end()
            between()
            await self.start()

    def hang(self) -> None:
        """SIGSTOP."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT, which is nothing to a program that was started again meanwhile."""
        self._signal(signal.SIGCONT)

    async def stop(self) -> None:
        """End it for good, in peace if it can."""
        async with self._changing:
            if self._running is not None:
                await self._running.stop()

    async def _start_once(self) -> None:
        log = self._part.command.log
        if log.exists():  # earlier lines would pass for this start's
            log.replace(log.with_suffix(".previous.log"))
        self._running = await Running.start(self._part.command, self._lab_id)
        await wait_ready(self._running, self._part.ready, self._part.seconds)
        self._started(self._running.pid)

    async def _end(self) -> None:
        if self._running is not None:
            await self._running.kill()

    def _signal(self, number: signal.Signals) -> None:
        if self._running is not None and self._running.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._running.pid, number)
