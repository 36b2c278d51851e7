"""The configuration files, judged by the programs that read them."""

import os
import subprocess
from pathlib import Path

import pytest

from chaos.lab.programs import PROJECT, find

COLLECTOR = PROJECT / "collector"


def answer(*argv: str | Path, **environ: str) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, env={**os.environ, **environ}, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_collector_accepts_its_configuration(tmp_path: Path) -> None:
    environ = {
        "OTLP_ENDPOINT": "127.0.0.1:4318",
        "PROMETHEUS_ENDPOINT": "127.0.0.1:8889",
        "HEALTH_ENDPOINT": "127.0.0.1:13133",
        "TELEMETRY_DIR": str(tmp_path),
    }
    answer(find("billing-otelcol"), "validate", "--config", COLLECTOR / "local.yaml", **environ)


def test_the_collector_holds_only_what_its_configuration_uses() -> None:
    components = answer(find("billing-otelcol"), "components")
    names = {line.split("name: ")[1] for line in components.splitlines() if line.startswith("    - name: ")}
    assert names == {"otlp", "memory_limiter", "prometheus", "file", "health_check"}


def test_prometheus_accepts_its_configuration_and_the_generated_rules() -> None:
    printed = answer(find("promtool"), "check", "config", COLLECTOR / "prometheus.yaml")
    assert "rules found" in printed


def test_alertmanager_accepts_its_configuration() -> None:
    assert "1 receivers" in answer(find("amtool"), "check-config", COLLECTOR / "alertmanager.yaml")


@pytest.mark.parametrize("severity", ["page", "ticket"])
def test_every_alert_reaches_the_observer(severity: str) -> None:
    config = f"--config.file={COLLECTOR / 'alertmanager.yaml'}"
    receiver = answer(
        find("amtool"), "config", "routes", "test", config, "slo=api-availability", f"severity={severity}"
    )
    assert receiver.strip() == "gameday"
