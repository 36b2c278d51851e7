"""How each program of the lab is started, and how one sees that it is ready."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chaos.errors import LabError
from chaos.lab import configuration, limits
from chaos.lab.lab_secrets import LabSecrets
from chaos.lab.ports import LOOPBACK
from chaos.lab.processes import Command
from chaos.lab.programs import find
from chaos.lab.readiness import Check, answers_http, answers_ping, logs
from chaos.lab.scaling import Intervals

PORT_NAMES = (
    "service",
    "redis",
    "stripe",
    "otlp",
    "redis_proxy",
    "stripe_proxy",
    "otlp_proxy",
    "toxiproxy",
    "collector_metrics",
    "collector_health",
    "collector_own",
    "prometheus",
    "alertmanager",
    "receiver",
)
"""Everything of the lab that listens; `--port NAME=PORT` pins one."""


@dataclass(frozen=True)
class Part:
    """A program, its readiness check, and how long it may take to become ready."""

    command: Command
    ready: Check
    seconds: float = 20.0


@dataclass(frozen=True)
class Parts:
    """Makes the parts of one lab below `folder`."""

    folder: Path
    ports: Mapping[str, int]
    secrets: LabSecrets
    scale: int
    pace: Intervals

    def urls(self) -> dict[str, str]:
        """What a person may want to open or call."""
        names = ("service", "stripe", "toxiproxy", "prometheus", "alertmanager", "receiver")
        return {name: self.url(name) for name in names} | {
            "collector_metrics": f"{self.url('collector_metrics')}/metrics",
            "otlp": self.url("otlp"),
            "redis": f"redis://{self.address('redis')}",
        }

    def url(self, name: str) -> str:
        return f"http://{LOOPBACK}:{self.ports[name]}"

    def address(self, name: str) -> str:
        return f"{LOOPBACK}:{self.ports[name]}"

    def redis(self) -> Part:
        config = self.folder / "redis.conf"
        password, port = self.secrets.redis_password, self.ports["redis"]
        configuration.write_redis(config, port, password, self.folder / "redis")
        return Part(self._command("redis", str(find("redis")), str(config)), answers_ping(port, password))

    def stripe(self) -> Part:
        listening = ("--port", str(self.ports["stripe"]))
        webhooks = ("--webhook-url", f"{self.url('service')}/webhooks/stripe")
        secret = ("--webhook-secret", self.secrets.stripe_webhook_secret)
        argv = (sys.executable, "-m", "chaos.lab.stripe_sandbox", *listening, *webhooks, *secret)
        return Part(self._command("stripe", *argv), answers_http(f"{self.url('stripe')}/_sandbox/healthy"))

    def toxiproxy(self) -> Part:
        config = self.folder / "toxiproxy.json"
        configuration.write_toxiproxy(config, self.ports)
        argv = (str(find("toxiproxy-server")), "-host", LOOPBACK, "-port", str(self.ports["toxiproxy"]))
        command = self._command("toxiproxy", *argv, "-config", str(config))
        return Part(command, answers_http(f"{self.url('toxiproxy')}/version"))

    def collector(self) -> Part:
        env = {
            "OTLP_ENDPOINT": self.address("otlp"),
            "PROMETHEUS_ENDPOINT": self.address("collector_metrics"),
            "HEALTH_ENDPOINT": self.address("collector_health"),
            "TELEMETRY_DIR": str(self.folder / "telemetry"),
            "OWN_METRICS_PORT": str(self.ports["collector_own"]),
        }
        argv = (str(find("billing-otelcol")), *configuration.collector_arguments("local.yaml"))
        return Part(self._command("collector", *argv, env=env), answers_http(self.url("collector_health")))

    def price_list(self) -> Command:
        """Puts the catalogue into the sandbox and prints the plans' price ids."""
        argv = (billing(), "sync-catalog", "--output", "env")
        return Command("prices", argv, self.folder / "prices.log", self._stripe_environment("stripe"), ends=True)

    def service(self, price_ids: Mapping[str, str]) -> Part:
        env = {**self._service_environment(price_ids), "HOST": LOOPBACK, "PORT": str(self.ports["service"])}
        command = self._command("service", billing(), "serve", env=env)
        return Part(command, answers_http(f"{self.url('service')}/health"))

    def worker(self, price_ids: Mapping[str, str]) -> Part:
        env = {**self._service_environment(price_ids), "OTEL_SERVICE_INSTANCE_ID": "worker"}
        command = self._command("worker", billing(), "worker", env=env)
        return Part(command, logs(command.log, "worker.started"))

    def _service_environment(self, price_ids: Mapping[str, str]) -> dict[str, str]:
        return {
            **self.redis_environment("redis_proxy"),
            **self._stripe_environment("stripe_proxy"),
            **price_ids,
            "API_KEY_SECRET": self.secrets.api_key_secret,
            "JWT_SECRET": self.secrets.jwt_secret,
            **self._data_environment(),
            **limits.AMPLE,
            "LOG_FORMAT": "json",
            "TRACE_GAMEDAY": "true",
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.url("otlp_proxy"),
            "OTEL_METRIC_EXPORT_INTERVAL": str(round(self.pace.export_seconds * 1000)),
        }

    def _stripe_environment(self, port_name: str) -> dict[str, str]:
        return {
            "STRIPE_SECRET_KEY": self.secrets.stripe_secret_key,
            "STRIPE_WEBHOOK_SECRET": self.secrets.stripe_webhook_secret,
            "STRIPE_API_BASE": self.url(port_name),
        }

    def prometheus(self, data: Path, rules: Sequence[Path]) -> Part:
        config = self.folder / "prometheus.yaml"
        configuration.write_prometheus(config, self.ports, rules, self.scale)
        argv = (
            str(find("prometheus")),
            f"--config.file={config}",
            f"--storage.tsdb.path={data}",
            "--storage.tsdb.retention.time=40d",
            f"--web.listen-address={self.address('prometheus')}",
            "--enable-feature=exemplar-storage",
            "--log.level=warn",
        )
        ready = answers_http(f"{self.url('prometheus')}/-/ready")
        return Part(self._command("prometheus", *argv), ready)

    def alertmanager(self) -> Part:
        config = self.folder / "alertmanager.yaml"
        configuration.write_alertmanager(config, f"{self.url('receiver')}/alerts", self.scale)
        argv = (
            str(find("alertmanager")),
            f"--config.file={config}",
            f"--storage.path={self.folder / 'alertmanager'}",
            f"--web.listen-address={self.address('alertmanager')}",
            "--cluster.listen-address=",
            "--log.level=warn",
        )
        ready = answers_http(f"{self.url('alertmanager')}/-/ready")
        return Part(self._command("alertmanager", *argv), ready)

    def ledger_environment(self) -> dict[str, str]:
        """How the audit reaches the whole ledger: Redis, past the proxy, and the archive."""
        return self.redis_environment("redis") | self._data_environment()

    def _data_environment(self) -> dict[str, str]:
        return {"DATA_DIR": str(self.folder / "data")}

    def redis_environment(self, port_name: str) -> dict[str, str]:
        """How the service reaches the lab's Redis."""
        return {
            "REDIS_HOST": LOOPBACK,
            "REDIS_PORT": str(self.ports[port_name]),
            "REDIS_PASSWORD": self.secrets.redis_password,
        }

    def _command(self, name: str, *argv: str, env: Mapping[str, str] | None = None) -> Command:
        return Command(name, argv, self.folder / f"{name}.log", env or {})


def billing() -> str:
    """The console script beside this interpreter; LabError if the project is not installed."""
    script = shutil.which("billing", path=str(Path(sys.executable).parent))
    if script is None:
        raise LabError("the command billing is missing; run make setup")
    return script
