import re
from pathlib import Path

import promql_parser
import pytest
import yaml

from slo import names
from slo.model import Policy, Slo
from slo.rules import rule_file

ROOT = Path(__file__).parents[2]
RUNBOOK = ROOT / "docs" / "runbooks" / "api-availability.md"
REGISTRY = ROOT / "service" / "telemetry" / "registry.yaml"


def _queries() -> list[str]:
    blocks = re.findall(r"```promql\n(.*?)```", RUNBOOK.read_text(), flags=re.DOTALL)
    return [" ".join(block.split()) for block in blocks]


def _metrics() -> set[str]:
    """The base names, without unit and suffix, of what the service emits, and the recorded series."""
    groups = yaml.safe_load(REGISTRY.read_text())["groups"]
    emitted = {group["metric_name"].replace(".", "_") for group in groups if group["type"] == "metric"}
    return {*emitted, names.ERROR_RATIO, names.BUDGET_REMAINING, "up"}


def test_every_alert_links_a_runbook_that_names_it(slo: Slo, seed: Policy) -> None:
    alerts = [rule for group in rule_file(slo, seed)["groups"] for rule in group["rules"] if "alert" in rule]
    assert len(alerts) == 5
    for alert in alerts:
        assert f"`{alert['alert']}`" in (ROOT / alert["annotations"]["runbook_url"]).read_text()


@pytest.mark.parametrize("query", _queries())
def test_queries_parse_and_name_known_metrics(query: str) -> None:
    promql_parser.parse(query)
    selectors = re.findall(r"([a-z_:0-9]+)\{", query)
    assert selectors
    for selector in selectors:
        base = re.sub(r"(_seconds_(count|sum|bucket)|_total)$", "", selector)
        assert base in _metrics()


def test_the_table_of_windows_is_the_policy(seed: Policy) -> None:
    text = RUNBOOK.read_text()
    for pair in seed.pairs:
        share = f"{pair.budget_share * 100:.0f} %"
        assert f"| {pair.name} | {pair.severity} | {pair.burn_rate} | {share}" in text
