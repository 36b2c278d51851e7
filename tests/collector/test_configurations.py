"""The configuration files, judged by the programs that read them."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from chaos.lab.configuration import collector_arguments
from chaos.lab.programs import PROJECT, find
from tests.collector.gateway import gateway_environment

COLLECTOR = PROJECT / "collector"


KINDS = ("extensions", "receivers", "processors", "connectors", "exporters")


def components_of(name: str) -> set[str]:
    document = yaml.safe_load((COLLECTOR / name).read_text())
    return {component.partition("/")[0] for kind in KINDS for component in document.get(kind, {})}


def modules(manifest: str) -> set[str]:
    document = yaml.safe_load((COLLECTOR / manifest).read_text())
    return {one["gomod"].split()[0].rpartition("/")[2] for kind in KINDS for one in document.get(kind, [])}


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
        "OWN_METRICS_PORT": "8888",
    }
    answer(find("billing-otelcol"), "validate", *collector_arguments("local.yaml"), **environ)


def test_the_collector_accepts_the_gateways_configuration(tmp_path: Path) -> None:
    answer(find("billing-otelcol"), "validate", *collector_arguments("gateway.yaml"), **gateway_environment(tmp_path))


def test_the_collector_holds_only_what_its_configurations_use() -> None:
    components = answer(find("billing-otelcol"), "components")
    names = {line.split("name: ")[1] for line in components.splitlines() if line.startswith("    - name: ")}
    used = components_of("local.yaml") | components_of("gateway.yaml") | components_of("generated/redaction.yaml")
    assert names == used


def test_the_full_build_adds_what_the_agent_uses() -> None:
    small, full = modules("builder.yaml"), modules("builder-full.yaml")
    assert full - small == {"spanmetricsconnector", "loadbalancingexporter"}
    assert small - full == set()
    agents = components_of("agent.yaml") - components_of("gateway.yaml")
    assert agents == {"span_metrics", "load_balancing"}


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


def test_the_services_own_alerts_fire_when_they_should_and_stay_silent_otherwise() -> None:
    tests = COLLECTOR / "alerts" / "service.test.yaml"
    assert "SUCCESS" in answer(find("promtool"), "test", "rules", tests)
