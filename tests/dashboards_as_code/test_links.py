"""Every link leads somewhere: to a board that is built, a runbook that is written, a provisioned data source."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from dashboards_as_code import links
from dashboards_as_code.output import Documents

ROOT = Path(__file__).parents[2]
SOURCES = yaml.safe_load((ROOT / "deploy/grafana/provisioning/datasources/sources.yaml").read_text())["datasources"]
MOUNTS = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["grafana"]["volumes"]


def of_panels(document: dict[str, Any]) -> list[str]:
    panels = [panel for panel in document["panels"] if panel["type"] != "row"]
    lists = [found for p in panels for found in (p["links"], p["fieldConfig"]["defaults"].get("links", []))]
    return [link["url"] for found in lists for link in found]


def urls(document: dict[str, Any]) -> list[str]:
    return [link["url"] for link in document["links"] if link["type"] == "link"] + of_panels(document)


def panes(url: str) -> dict[str, Any]:
    (text,) = parse_qs(urlsplit(url).query, strict_parsing=True)["panes"]
    return json.loads(text)


def test_every_link_leads_to_something_that_exists(document: dict[str, Any], documents: Documents) -> None:
    provisioned = {source["uid"]: source["type"] for source in SOURCES}
    for url in urls(document):
        path = urlsplit(url).path
        if path == "/explore":
            (pane,) = panes(url).values()
            assert provisioned[pane["datasource"]] == pane["queries"][0]["datasource"]["type"]
            assert pane["range"] == {"from": "${__from}", "to": "${__to}"}
        elif path.startswith("/d/"):
            assert f"{path.removeprefix('/d/')}.json" in documents
        else:
            assert path.startswith(f"{links.RUNBOOKS}/")
            assert (ROOT / "docs/runbooks" / path.removeprefix(f"{links.RUNBOOKS}/")).is_file()


def test_grafana_serves_the_runbooks_where_the_links_look_for_them() -> None:
    assert f"./docs/runbooks:/usr/share/grafana{links.RUNBOOKS}:ro" in MOUNTS


def test_every_board_links_to_traces_and_logs(document: dict[str, Any]) -> None:
    found = [panes(url)["shown"]["datasource"] for url in urls(document) if urlsplit(url).path == "/explore"]

    assert {links.TEMPO, links.LOKI} <= set(found)


def test_the_board_of_an_objective_links_to_its_runbook(documents: Documents) -> None:
    objectives = {name: document for name, document in documents.items() if name.startswith("slo-")}

    assert objectives
    for name, document in objectives.items():
        own = f"{links.RUNBOOKS}/{name.removeprefix('slo-').removesuffix('.json')}.md"
        assert own in [link["url"] for link in document["links"]]
        assert own in of_panels(document)


@pytest.mark.parametrize(
    ("url", "query"),
    [
        (links.traces("status = error"), '{ resource.service.name = "billing" && status = error }'),
        (links.traces(), '{ resource.service.name = "billing" }'),
        (links.records('| event_name = "${__field.labels.event_name}"'),
         '{service_name="billing"} | event_name = "${__field.labels.event_name}"'),
        (links.records(), '{service_name="billing"}'),
    ],
)  # fmt: skip
def test_an_explored_query_survives_the_address(url: str, query: str) -> None:
    (asked,) = panes(url)["shown"]["queries"]

    assert asked.get("query", asked.get("expr")) == query


def test_what_names_the_clicked_series_is_a_link_of_the_series(documents: Documents) -> None:
    panels = {panel["title"]: panel for panel in documents["errors.json"]["panels"]}
    (of_event,) = panels["Log records by event"]["fieldConfig"]["defaults"]["links"]
    (of_board,) = panels["Failed requests, handled and unhandled"]["links"]

    assert "${__field.labels.event_name}" in of_event["url"]
    assert "__field" not in of_board["url"]
