"""Everything that the bench runs: Redis on a disk that can lose power, Stripe's stand-in, the API and its workers."""

from __future__ import annotations

import asyncio
import dataclasses
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from chaos.lab import configuration, watchdog
from chaos.lab.durability.program import Program
from chaos.lab.durability.stripe_account import StripeAccount
from chaos.lab.lab_secrets import LabSecrets
from chaos.lab.parts import Part, Parts
from chaos.lab.ports import choose_ports
from chaos.lab.powerloss import shims
from chaos.lab.powerloss.clock import WallClock, preloaded
from chaos.lab.powerloss.disk import Disk, Loss
from chaos.lab.prices import read_price_ids
from chaos.lab.processes import Running
from chaos.lab.readiness import answers_http, logs
from chaos.lab.stripe_sandbox.dice import Dice

Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Settings:
    """`service_folder` holds another `service` package than the installed one, such as one with a planted mistake.

    The world ends by itself after `lifetime_seconds`.
    """

    workers: int = 2
    appendfsync: str = "always"
    service_folder: Path | None = None
    lifetime_seconds: float = 3600.0


class World:
    """Always `down()` after `up()`, also after an `up()` that raised; the folder is new and empty."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.secrets = LabSecrets()
        self._folder = folder
        self._settings = settings
        self.lab_id = uuid.uuid4().hex
        self._programs: list[Program] = []
        self._watchdog: subprocess.Popen[bytes] | None = None
        self.clocks = {name: WallClock(folder / f"{name}.clock") for name in ("redis", "service", *self.worker_names)}
        self.ahead_seconds = 0.0

    @property
    def worker_names(self) -> list[str]:
        return [f"worker-{number}" for number in range(1, self._settings.workers + 1)]

    @property
    def base_url(self) -> str:
        return self._parts.url("service")

    async def up(self, say: Say) -> None:
        """Start everything; LabError names what does not answer."""
        ports = choose_ports(("service", "redis", "stripe"), {})
        ports |= {proxy: ports.get(behind, 0) for proxy, behind in configuration.PROXIES.items()}
        self._parts = Parts(self._folder, ports, self.secrets, 1, configuration.intervals(1))
        lifetime = self._settings.lifetime_seconds
        self._watchdog = watchdog.start(self.lab_id, self._folder / "rollbacks.jsonl", lifetime)
        redis = self._redis_part()
        self.redis = await self._start(redis, say, self.disk.check_watched)
        await self._start(self._parts.stripe(), say)
        self.stripe = StripeAccount(self._parts.url("stripe"), self.secrets.stripe_secret_key)
        price_ids = await read_price_ids(await Running.start(self._parts.price_list(), self.lab_id))
        service = self._service_part(price_ids)
        self._service_environment = service.command.env
        self.api = await self._start(service, say)
        self.workers = [await self._start(self._worker_part(name, price_ids), say) for name in self.worker_names]

    async def down(self) -> None:
        """End every process, and have the watchdog see to it that none is left."""
        await asyncio.gather(*(program.stop() for program in self._programs))
        if self._watchdog is not None:
            await asyncio.to_thread(watchdog.dismiss, self._watchdog)

    async def lose_power(self, dice: Dice | None = None) -> Loss:
        """Redis dies, its files keep what was durable and with `dice` a part of the rest, and it starts again."""
        losses: list[Loss] = []
        await self.redis.restart(between=lambda: losses.append(self.disk.lose_power(dice)))
        return losses[0]

    async def travel(self, seconds: float) -> None:
        """Move all clocks to `seconds` ahead of real time, Stripe's last, as its webhooks carry its time."""
        for clock in self.clocks.values():
            clock.step_to(seconds)
        await self.stripe.travel(seconds - self.ahead_seconds)
        self.ahead_seconds = seconds

    def audit_environment(self) -> Mapping[str, str]:
        """How the service's own commands reach the ledger, its archive and Stripe."""
        return self._service_environment

    def start_seconds(self) -> dict[str, float]:
        """The longest that each program took to start."""
        return {program.name: max(program.start_seconds) for program in self._programs}

    async def _start(self, part: Part, say: Say, started: Callable[[int], None] = lambda _: None) -> Program:
        program = Program(part, self.lab_id, started)
        self._programs.append(program)
        began = time.monotonic()
        await program.start()
        say(f"{program.name} ready after {time.monotonic() - began:.2f} s")
        return program

    def _redis_part(self) -> Part:
        part = self._parts.redis()
        self.disk = Disk(self._folder / "redis", self._folder / "redis.disk")
        clock = self.clocks["redis"].environment
        env = {**shims.preload(shims.DURABLE, shims.CLOCK), **self.disk.environment, **clock}
        argv = (*part.command.argv, "--appendfsync", self._settings.appendfsync)
        return dataclasses.replace(part, command=dataclasses.replace(part.command, argv=argv, env=env))

    def _worker_part(self, name: str, price_ids: Mapping[str, str]) -> Part:
        """One of several workers, with a name and a log of its own."""
        part = self._on_clock(self._parts.worker(price_ids), name)
        log = self._folder / f"{name}.log"
        env = {**part.command.env, "OTEL_SERVICE_INSTANCE_ID": name}
        command = dataclasses.replace(part.command, name=name, log=log, env=env)
        return dataclasses.replace(part, command=command, ready=logs(log, "worker.started"))

    def _on_clock(self, part: Part, clock: str) -> Part:
        settings = {"SIGNUP": "open", "OTEL_EXPORTER_OTLP_ENDPOINT": "", **preloaded(self.clocks[clock])}
        if self._settings.appendfsync != "always":
            settings["ALLOW_VOLATILE_REDIS"] = "1"
        if self._settings.service_folder is not None:
            settings["PYTHONPATH"] = str(self._settings.service_folder)
        command = dataclasses.replace(part.command, env={**part.command.env, **settings})
        return dataclasses.replace(part, command=command)

    def _service_part(self, price_ids: Mapping[str, str]) -> Part:
        """Ready once it answers at all: `/health` rightly refuses a Redis that may lose data."""
        part = self._on_clock(self._parts.service(price_ids), "service")
        return dataclasses.replace(part, ready=answers_http(f"{self.base_url}/openapi.json"))
