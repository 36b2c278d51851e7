"""The lab: the whole product and its observability on this machine, up in seconds and always taken down."""

from __future__ import annotations

import asyncio
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

import slo.rules
from chaos.errors import LabError
from chaos.guarding import all_of
from chaos.lab import configuration, watchdog
from chaos.lab.history import seed
from chaos.lab.lab_secrets import LabSecrets
from chaos.lab.parts import PORT_NAMES, Part, Parts
from chaos.lab.ports import LOOPBACK, choose_ports
from chaos.lab.prices import read_price_ids
from chaos.lab.processes import Command, Running
from chaos.lab.programs import find
from chaos.lab.readiness import wait_ready
from chaos.lab.seeding import history_of
from chaos.lab.state import LabState, ProgramState
from slo.guarded import Guarded
from slo.model import Policy, Slo

Say = Callable[[str], None]
"""Tells somebody one line."""
_WATCH_SECONDS = 0.2


@dataclass(frozen=True)
class LabOptions:
    """What may differ between labs.

    `slo` is what the run is about, and `rules` replaces its generated rules; `others` are guarded as well.
    `lifetime_seconds` bounds everything.
    """

    slo: Slo
    policy: Policy
    scale: int
    request_rate: float
    lifetime_seconds: float
    pinned_ports: Mapping[str, int] = field(default_factory=dict)
    rules: Path | None = None
    others: tuple[Guarded, ...] = ()


class Lab:
    """Programs of one lab. Always `down()` after `up()`, also after an `up()` that raised."""

    def __init__(self, options: LabOptions, folder: Path, rollbacks: Path, receiver: web.Application) -> None:
        self.options = options
        self.folder = folder
        self.lab_id = uuid.uuid4().hex
        self.secrets = LabSecrets()
        self.pace = configuration.intervals(options.scale)
        self._rollbacks = rollbacks
        self._receiver = web.AppRunner(receiver)
        self._prometheus_data = folder / "prometheus"
        self._running: dict[str, Running] = {}
        self._parts: dict[str, Part] = {}
        self._watchdog: subprocess.Popen[bytes] | None = None

    async def up(self, say: Say) -> LabState:
        """Start everything and return once all of it answers; LabError names what does not."""
        ports = choose_ports(PORT_NAMES, self.options.pinned_ports)
        self.parts = Parts(self.folder, ports, self.secrets, self.options.scale, self.pace)
        self._watchdog = watchdog.start(self.lab_id, self._rollbacks, self.options.lifetime_seconds)
        await self._listen(ports["receiver"])
        await self._seed(say)
        make = self.parts
        prometheus = make.prometheus(self._prometheus_data, [*self._rules(), *configuration.pipeline_rules()])
        first = (make.redis(), make.stripe(), make.toxiproxy(), make.collector(), make.alertmanager(), prometheus)
        await all_of(*(self._start(part, say) for part in first))
        price_ids = await read_price_ids(await self.start_command(make.price_list()))
        await all_of(*(self._start(part, say) for part in (make.service(price_ids), make.worker(price_ids))))
        return self.write_state()

    async def start_command(self, command: Command) -> Running:
        """Start a further process of this lab."""
        running = await Running.start(command, self.lab_id)
        self._running[command.name] = running
        return running

    async def restart(self, name: str) -> None:
        """Kill a program, start it again as it was, and wait until it answers."""
        if name not in self._parts:
            raise LabError(f"the lab runs no {name!r}; it runs {', '.join(sorted(self._parts))}")
        await self._running[name].kill()
        await self._start(self._parts[name], lambda _: None)
        self.write_state()

    def check(self) -> None:
        """Raise the LabError of the first program that died by itself."""
        for running in list(self._running.values()):
            if died := running.died():
                raise died

    async def watch(self) -> None:
        """Wait until a program dies by itself, and raise its LabError."""
        while True:
            self.check()
            await asyncio.sleep(_WATCH_SECONDS)

    async def down(self) -> None:
        """End every process, and have the watchdog see to it that none is left."""
        ours = [self._running[name] for name in ("service", "worker") if name in self._running]
        await asyncio.gather(*(running.stop() for running in ours))  # first, while a collector takes their telemetry
        await asyncio.gather(*(running.stop() for running in self._running.values()))
        await self._receiver.cleanup()
        if self._watchdog:
            await asyncio.to_thread(watchdog.dismiss, self._watchdog)

    def write_state(self) -> LabState:
        """Publish addresses and processes as they are now."""
        programs = {name: ProgramState(one.pid, one.created) for name, one in self._running.items()}
        state = LabState(
            lab_id=self.lab_id,
            scale=self.options.scale,
            intervals=self.pace,
            ports=dict(self.parts.ports),
            urls=self.parts.urls(),
            programs=programs,
            redis_password=self.secrets.redis_password,
        )
        state.write(self.folder)
        return state

    async def _start(self, part: Part, say: Say) -> None:
        began = time.monotonic()
        running = await self.start_command(part.command)
        self._parts[part.command.name] = part
        await wait_ready(running, part.ready, part.seconds)
        say(f"{part.command.name} ready after {time.monotonic() - began:.1f} s")

    async def _seed(self, say: Say) -> None:
        """Seed the history up to this moment, before there is traffic that the work could disturb."""
        options = self.options
        others = [entry.slo for entry in options.others]
        history = history_of(options.slo, others, options.scale, options.request_rate, self.pace, time.time())
        text = self.folder / "history.txt"
        await asyncio.to_thread(seed, history, find("promtool"), text, self._prometheus_data)
        say(f"history: {history.period_seconds / 86400:g} days seeded for {1 + len(others)} objectives")

    async def _listen(self, port: int) -> None:
        await self._receiver.setup()
        await web.TCPSite(self._receiver, LOOPBACK, port).start()

    def _rules(self) -> list[Path]:
        """The rules of every SLO."""
        own = Guarded(self.options.slo, self.options.policy)
        entries = self.options.others if self.options.rules else (own, *self.options.others)
        replaced = [self.options.rules.resolve()] if self.options.rules else []
        return [*replaced, *(self._write_rules(entry) for entry in entries)]

    def _write_rules(self, entry: Guarded) -> Path:
        path = self.folder / f"{entry.slo.name}.rules.yaml"
        path.write_text(slo.rules.to_yaml(slo.rules.rule_file(entry.slo, entry.policy, self.options.scale)))
        return path
