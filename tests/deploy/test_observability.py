"""What has no checker here: Tempo's, Loki's and Grafana's files against each other and what is documented."""

import json
from typing import Any

import pytest
import yaml

from chaos.lab.programs import PROJECT
from dashboards_as_code.boards import build
from dashboards_as_code.sources import load

DEPLOY = PROJECT / "deploy"
COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())["services"]
SOURCES: dict[str, Any] = {
    source["uid"]: source
    for source in yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/sources.yaml").read_text())["datasources"]
}
TOP_LEVEL = {
    "tempo/tempo.yaml": {"server", "distributor", "ingester", "compactor", "storage", "overrides", "usage_report"},
    "loki/loki.yaml": {
        "auth_enabled", "server", "common", "schema_config", "limits_config", "compactor", "analytics",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", TOP_LEVEL)
def test_only_documented_blocks_are_used(name: str) -> None:
    assert yaml.safe_load((DEPLOY / name).read_text()).keys() <= TOP_LEVEL[name]


def test_an_exemplar_leads_to_its_trace_a_span_to_its_logs_and_a_log_line_to_its_trace() -> None:
    (exemplar,) = SOURCES["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]
    assert (exemplar["name"], SOURCES[exemplar["datasourceUid"]]["type"]) == ("trace_id", "tempo")
    assert SOURCES[SOURCES["tempo"]["jsonData"]["tracesToLogsV2"]["datasourceUid"]]["type"] == "loki"
    (derived,) = SOURCES["loki"]["jsonData"]["derivedFields"]
    assert (derived["matcherRegex"], SOURCES[derived["datasourceUid"]]["type"]) == ("trace_id", "tempo")


def test_every_source_and_target_is_a_service_on_a_port_that_it_opens() -> None:
    tempo = yaml.safe_load((DEPLOY / "tempo" / "tempo.yaml").read_text())
    loki = yaml.safe_load((DEPLOY / "loki" / "loki.yaml").read_text())
    ports = {"tempo": tempo["server"]["http_listen_port"], "loki": loki["server"]["http_listen_port"]}
    ports |= {"prometheus": 9090, "alertmanager": 9093}
    assert {uid: source["url"] for uid, source in SOURCES.items()} == {
        name: f"http://{name}:{port}" for name, port in ports.items()
    }
    assert COMPOSE.keys() >= ports.keys()
    receiver = tempo["distributor"]["receivers"]["otlp"]["protocols"]["http"]["endpoint"].rpartition(":")[2]
    gateway = COMPOSE["gateway"]["environment"]
    assert gateway["TEMPO_ENDPOINT"] == f"http://tempo:{receiver}"
    assert gateway["LOKI_ENDPOINT"] == f"http://loki:{ports['loki']}/otlp"


def test_prometheus_keeps_the_intervals_that_the_promises_rest_on() -> None:
    lab = yaml.safe_load((PROJECT / "collector" / "prometheus.yaml").read_text())["global"]
    deployed = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yaml").read_text())["global"]
    assert deployed == lab
    intervals = ("group_wait", "group_interval")
    routes = [
        yaml.safe_load((PROJECT / path).read_text())["route"]
        for path in ("collector/alertmanager.yaml", "deploy/alertmanager/alertmanager.yaml")
    ]
    assert [routes[0][name] for name in intervals] == [routes[1][name] for name in intervals]


def test_grafana_gets_every_generated_board_and_no_alert() -> None:
    (provider,) = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/boards.yaml").read_text())["providers"]
    mounts = dict(volume.split(":")[:2] for volume in COMPOSE["grafana"]["volumes"])
    (folder,) = (source for source, inside in mounts.items() if inside == provider["options"]["path"])
    boards = [json.loads(path.read_text()) for path in sorted((PROJECT / folder).glob("*.json"))]
    assert {board["uid"] for board in boards} == {one.uid for one in build(load())}
    assert not [board["uid"] for board in boards for panel in board["panels"] if "alert" in panel]
    assert {path.name for path in (DEPLOY / "grafana/provisioning").iterdir()} == {"dashboards", "datasources"}
    assert (provider["allowUiUpdates"], mounts["./deploy/grafana/provisioning"]) == (False, "/etc/grafana/provisioning")
