"""Configuration files of the lab's programs, made from the production files in `collector/`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from chaos.lab.ports import LOOPBACK
from chaos.lab.scaling import ALERTMANAGER_INTERVALS, PROMETHEUS_INTERVALS, Intervals, load_scaled, seconds
from service.telemetry.pipeline import METRIC_INTERVAL_SECONDS
from slo import rules

ROOT = Path(__file__).resolve().parents[2]
_COLLECTOR = ROOT / "collector"
_PROMETHEUS_CONFIG = _COLLECTOR / "prometheus.yaml"
_ALERTMANAGER_CONFIG = _COLLECTOR / "alertmanager.yaml"
_SCRAPED = {"collector": "collector_metrics", "otelcol": "collector_own", "gameday": "receiver"}
"""Which port answers for a scrape job."""

PROXIES = {"redis_proxy": "redis", "stripe_proxy": "stripe", "otlp_proxy": "otlp"}
"""Toxiproxy's listeners and the programs behind them, by port name."""


def intervals(scale: int) -> Intervals:
    """The pace of the lab: production's own, divided by the scale."""
    prometheus = load_scaled(_PROMETHEUS_CONFIG, PROMETHEUS_INTERVALS, scale)["global"]
    route = load_scaled(_ALERTMANAGER_CONFIG, ALERTMANAGER_INTERVALS, scale)["route"]
    return Intervals(
        export_seconds=METRIC_INTERVAL_SECONDS / scale,
        scrape_seconds=float(seconds(prometheus["scrape_interval"])),
        evaluation_seconds=float(seconds(rules.interval(rules.FAST_INTERVAL_SECONDS, scale))),
        group_wait_seconds=float(seconds(route["group_wait"])),
        group_interval_seconds=float(seconds(route["group_interval"])),
    )


def collector_arguments(name: str) -> tuple[str, ...]:
    """The options by which a collector reads one of our files, and with it the processors that redact."""
    return ("--config", str(_COLLECTOR / name), "--config", str(_COLLECTOR / "generated" / "redaction.yaml"))


def pipeline_rules() -> list[Path]:
    """The alerts for the telemetry pipeline; not scaled, as they watch the lab's own start, which takes its time.

    Those on the service's protection look back over minutes, so that they would outlast the fault of a scaled run.
    """
    return [_COLLECTOR / "alerts" / "pipeline.rules.yaml"]


def write_redis(path: Path, port: int, password: str, data: Path) -> None:
    """A durable Redis: every write fsynced before its answer, nothing evicted."""
    data.mkdir(exist_ok=True)
    lines = [
        f"bind {LOOPBACK}",
        f"port {port}",
        f'dir "{data}"',
        f"requirepass {password}",
        "appendonly yes",
        "appendfsync always",
        'save ""',
        "maxmemory-policy noeviction",
        # Toxiproxy dials one connection at a time: a full backlog of a hung Redis would block it beyond the hang.
        "tcp-backlog 4096",
        # A server that writes its title over its environment hides from the watchdog.
        "set-proc-title no",
    ]
    _write_private(path, "\n".join(lines) + "\n")


def write_toxiproxy(path: Path, ports: Mapping[str, int]) -> None:
    """One proxy between the service and each thing that it depends on."""
    proxies = [
        {"name": behind, "listen": f"{LOOPBACK}:{ports[listener]}", "upstream": f"{LOOPBACK}:{ports[behind]}"}
        for listener, behind in PROXIES.items()
    ]
    path.write_text(json.dumps(proxies, indent=1))


def write_prometheus(path: Path, ports: Mapping[str, int], rules: Sequence[Path], scale: int) -> None:
    """Production's Prometheus configuration with scaled intervals and the lab's addresses."""
    document = load_scaled(_PROMETHEUS_CONFIG, PROMETHEUS_INTERVALS, scale)
    document["rule_files"] = [str(rule) for rule in rules]
    alertmanager = {"targets": [f"{LOOPBACK}:{ports['alertmanager']}"]}
    document["alerting"]["alertmanagers"] = [{"static_configs": [alertmanager]}]
    for job in document["scrape_configs"]:
        job["static_configs"] = [{"targets": [f"{LOOPBACK}:{ports[_SCRAPED[job['job_name']]]}"]}]
    path.write_text(yaml.safe_dump(document, sort_keys=False))


def write_alertmanager(path: Path, receiver_url: str, scale: int) -> None:
    """Production's routes with scaled intervals; every webhook goes to the lab's receiver."""
    document = load_scaled(_ALERTMANAGER_CONFIG, ALERTMANAGER_INTERVALS, scale)
    for receiver in document["receivers"]:
        for webhook in receiver.get("webhook_configs", []):
            webhook.pop("url_file", None)
            webhook["url"] = receiver_url
    path.write_text(yaml.safe_dump(document, sort_keys=False))


def _write_private(path: Path, text: str) -> None:
    path.touch(0o600)
    path.write_text(text)
