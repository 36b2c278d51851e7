"""docker-compose.yml and the Dockerfiles: what every part must have, and shares with the rest of the project."""

import re
import subprocess

import pytest

from chaos.lab.catalogue import load
from chaos.lab.programs import PROJECT, find
from deploy.__main__ import TLS_HOSTS
from loadtests.settings import DEFAULT_TENANTS
from tests.deploy.composition import COMPOSE, SERVICES, TEXT, bound_bytes, networks

WITHOUT_HEALTH = {"tempo", "loki", "toxiproxy"}
"""Their images hold nothing that could ask."""
OURS = ("c2pa-billing:", "c2pa-billing-otelcol:")


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_has_few_rights_and_a_bound(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_is_pinned_and_every_port_is_on_loopback(name: str) -> None:
    service = SERVICES[name]
    assert re.search(r":v?\d+\.\d+\.\d+", service["image"])
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_says_how_it_is_if_its_image_can(name: str) -> None:
    service = SERVICES[name]
    says = "test" in service.get("healthcheck", {})
    disabled = service.get("healthcheck", {}).get("disable", False)
    in_its_dockerfile = service["image"].startswith(OURS) and not disabled
    assert (says or in_its_dockerfile) != (name in WITHOUT_HEALTH or disabled)


def test_there_is_no_default_for_a_secret() -> None:
    defaults = re.findall(r"(?=\$\{(\w+):-([^}]*))", TEXT)
    assert {name for name, default in defaults if default} == {
        "BASE_IMAGE", "GO_IMAGE", "ENVIRONMENT", "NODE_ENV", "LOG_LEVEL", "LOG_FORMAT", "REDIS_HOST", "PUBLIC_URL",
        "TRACE_GAMEDAY", "SAMPLING_PERCENTAGE", "LOAD_SECONDS", "LOAD_RATE", "LOAD_TENANTS",
    }  # fmt: skip
    assert all(secret["file"].startswith("./deploy/secrets/") for secret in COMPOSE["secrets"].values())
    assert "deploy/secrets/" in (PROJECT / ".gitignore").read_text().splitlines()


def test_the_load_has_as_many_tenants_as_anywhere() -> None:
    assert SERVICES["load"]["environment"]["LOAD_TENANTS"] == f"${{LOAD_TENANTS:-{DEFAULT_TENANTS}}}"


@pytest.mark.parametrize("asks_no_password", ["prometheus", "alertmanager"])
def test_what_clients_reach_does_not_reach_what_asks_for_no_password(asks_no_password: str) -> None:
    for name in ("api", "api-2", "worker", "load", "toxiproxy"):
        assert not networks(name) & networks(asks_no_password)


def test_whoever_must_talk_shares_a_network() -> None:
    conversations = {
        "api": {"redis", "agent", "toxiproxy"}, "api-2": {"redis", "agent", "toxiproxy"},
        "worker": {"redis", "agent", "toxiproxy"}, "toxiproxy": {"redis"}, "load": {"api"},
        "agent": {"gateway", "gateway-2", "prometheus"}, "gateway": {"tempo", "loki", "prometheus"},
        "gateway-2": {"tempo", "loki", "prometheus"},
        "prometheus": {"gateway", "gateway-2", "alertmanager", "tempo", "loki"},
        "grafana": {"prometheus", "alertmanager", "tempo", "loki"},
    }  # fmt: skip
    for name, others in conversations.items():
        assert [other for other in others if not networks(name) & networks(other)] == []


def test_whoever_has_a_port_or_calls_outside_has_a_network_that_leads_there() -> None:
    outward = {name for name, network in COMPOSE["networks"].items() if not network.get("internal")}
    callers = {"worker", "alertmanager"}  # Stripe, the receivers of pages
    for name in callers | {name for name, service in SERVICES.items() if service.get("ports")}:
        assert networks(name) & outward


def test_versions_are_those_of_the_lab() -> None:
    programs = load()
    assert SERVICES["prometheus"]["image"] == f"prom/prometheus:v{programs['promtool-3'].version}"
    assert SERVICES["alertmanager"]["image"] == f"prom/alertmanager:v{programs['alertmanager'].version}"
    assert SERVICES["toxiproxy"]["image"].endswith(f":{programs['toxiproxy-server'].version}")
    assert SERVICES["gateway"]["image"].endswith(f":{programs['billing-otelcol-full'].version}")


def test_what_is_mounted_exists() -> None:
    mounts = [volume for service in SERVICES.values() for volume in service.get("volumes", []) if volume[0] == "."]
    paths = {mount.split(":")[0] for mount in mounts}
    made = {"./deploy/secrets/optional", *(f"./deploy/secrets/tls/{host}" for host in TLS_HOSTS)}
    assert made <= paths
    assert all((PROJECT / path).exists() for path in paths - made)


def test_redis_refuses_writes_long_before_the_kernel_ends_it() -> None:
    config = (PROJECT / "deploy" / "redis" / "redis.conf").read_text()
    (maxmemory,) = re.findall(r"^maxmemory (\d+mb)$", config, re.MULTILINE)
    # What is written while it rewrites its journal is there twice.
    assert bound_bytes(maxmemory) * 1.5 <= bound_bytes(SERVICES["redis"]["mem_limit"])


def test_the_image_holds_every_package_and_installs_by_hash() -> None:
    dockerfile = (PROJECT / "deploy" / "Dockerfile").read_text()
    pyproject = (PROJECT / "pyproject.toml").read_text()
    (packages,) = re.findall(r"^packages = \[(.*)\]", pyproject, re.MULTILINE)
    for package in re.findall(r'"(\w+)"', packages):
        assert f"COPY {package} ./{package}\n" in dockerfile
    assert "--require-hashes -r requirements.lock" in dockerfile
    assert "FROM ${BASE_IMAGE}" in dockerfile
    assert "\nUSER 10001:10001\n" in dockerfile


def test_alertmanager_accepts_its_configuration_and_pages_reach_their_receiver() -> None:
    config = PROJECT / "deploy" / "alertmanager" / "alertmanager.yaml"
    for severity, receiver in (("page", "pages"), ("ticket", "tickets")):
        argv = [find("amtool"), "config", "routes", "test", f"--config.file={config}", f"severity={severity}"]
        assert subprocess.check_output(argv, text=True, timeout=10).strip() == receiver
