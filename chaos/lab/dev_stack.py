"""The programs of a development stack: Redis, the Stripe sandbox, the API and its worker, all on loopback."""

from __future__ import annotations

import asyncio
import dataclasses
import subprocess
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from chaos.errors import LabError
from chaos.guarding import all_of
from chaos.lab import configuration, watchdog
from chaos.lab.lab_secrets import LabSecrets
from chaos.lab.parts import Part, Parts
from chaos.lab.ports import LOOPBACK, choose_ports
from chaos.lab.prices import read_price_ids
from chaos.lab.processes import Running
from chaos.lab.readiness import wait_ready

Say = Callable[[str], None]
_WATCH_SECONDS = 0.2
_FURTHER_PORTS = 20


class DevStack:
    """Always `down()` after `up()`, also after an `up()` that raised."""

    def __init__(self, folder: Path, port: int) -> None:
        self.secrets = LabSecrets()
        self._folder = folder
        self._port = port
        self._lab_id = uuid.uuid4().hex
        self._running: dict[str, Running] = {}
        self._price_ids: dict[str, str] = {}
        self._watchdog: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        return self._parts.url("service")

    @property
    def stripe_url(self) -> str:
        return self._parts.url("stripe")

    async def up(self, say: Say) -> None:
        """Start everything in the empty folder and return once all of it answers; LabError names what does not."""
        self._parts = Parts(self._folder, _ports(self._port, say), self.secrets, 1, configuration.intervals(1))
        self._watchdog = watchdog.start(self._lab_id, self._folder / "rollbacks.jsonl", float("inf"))
        await all_of(*(self._start(part, say) for part in (self._parts.redis(), self._parts.stripe())))
        syncing = await Running.start(self._parts.price_list(), self._lab_id)
        self._price_ids = await read_price_ids(syncing)
        say("catalogue synchronised with the Stripe sandbox")
        await self._start_ours(say)

    async def reload(self, say: Say) -> None:
        """Start API and worker again; LabError if what they are now does not start."""
        await asyncio.gather(*(self._running[part.command.name].stop() for part in self._ours()))
        await self._start_ours(say)

    async def watch(self) -> None:
        """Wait until Redis or the sandbox dies by itself, and raise its LabError."""
        while True:
            for name in ("redis", "stripe"):
                if died := self._running[name].died():
                    raise died
            await asyncio.sleep(_WATCH_SECONDS)

    async def down(self) -> None:
        """End every process, and have the watchdog see to it that none is left."""
        await asyncio.gather(*(running.stop() for running in self._running.values()))
        if self._watchdog:
            await asyncio.to_thread(watchdog.dismiss, self._watchdog)

    async def _start_ours(self, say: Say) -> None:
        await all_of(*(self._start(part, say) for part in self._ours()))

    def _ours(self) -> list[Part]:
        """API and worker, open for sign-ups and without a collector."""
        origins = (self.base_url, self.base_url.replace(LOOPBACK, "localhost"))
        settings = {
            "SIGNUP": "open",
            "PUBLIC_URL": self.base_url,
            "ALLOWED_ORIGINS": ",".join(origins),
            "OTEL_EXPORTER_OTLP_ENDPOINT": "",
        }
        parts = (self._parts.service(self._price_ids), self._parts.worker(self._price_ids))
        return [_with_environment(part, settings) for part in parts]

    async def _start(self, part: Part, say: Say) -> None:
        began = time.monotonic()
        part.command.log.unlink(missing_ok=True)  # an earlier start's lines would pass for this one's
        running = await Running.start(part.command, self._lab_id)
        self._running[part.command.name] = running
        await wait_ready(running, part.ready, part.seconds)
        say(f"{part.command.name} ready after {time.monotonic() - began:.1f} s")


def _with_environment(part: Part, settings: dict[str, str]) -> Part:
    command = dataclasses.replace(part.command, env={**part.command.env, **settings})
    return dataclasses.replace(part, command=command)


def _ports(wanted: int, say: Say) -> dict[str, int]:
    """Nothing stands between the service and what it needs, so the proxies' ports are those of the programs."""
    chosen = {"service": _first_free(wanted, say), **choose_ports(("redis", "stripe"), {})}
    return {**chosen, **{proxy: chosen.get(behind, 0) for proxy, behind in configuration.PROXIES.items()}}


def _first_free(wanted: int, say: Say) -> int:
    for port in range(wanted, wanted + _FURTHER_PORTS):
        try:
            choose_ports(("service",), {"service": port})
        except LabError:
            say(f"port {port} is taken")
        else:
            return port
    raise LabError(f"no free port on {LOOPBACK} from {wanted} to {wanted + _FURTHER_PORTS - 1}")
