import re
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from service.telemetry.registry import load_registry, prometheus_names
from slo import names
from slo.model import Policy
from slo.output import GENERATED
from slo.spec import SPECS

ROOT = Path(__file__).parents[2]
RUNBOOKS = ROOT / "docs" / "runbooks"
RUNBOOK = RUNBOOKS / "api-availability.md"
PIPELINE_ALERTS = ROOT / "collector" / "alerts" / "pipeline.rules.yaml"
COMMANDS = ROOT / "service" / "commands"
HEADINGS = [
    "## What it means",
    "## Look first (one minute)",
    "## Likely causes, and what to do",
    "## How to see that it is over",
    "## Who to tell",
]


def _runbooks() -> list[Path]:
    """Those of the objectives."""
    return [RUNBOOKS / f"{path.stem}.md" for path in sorted(SPECS.glob("*.yaml"))]


def _queries() -> list[str]:
    pages = (path.read_text() for path in _runbooks())
    blocks = [block for page in pages for block in re.findall(r"```promql\n(.*?)```", page, flags=re.DOTALL)]
    return list(dict.fromkeys(" ".join(block.split()) for block in blocks))


def _series() -> set[str]:
    """What the service emits, as Prometheus names it, what is recorded, and what the Collector's alerts read."""
    emitted = {name for metric in load_registry().metrics for name in prometheus_names(metric)}
    pipeline = re.findall(r"\botelcol_[a-z0-9_]+", PIPELINE_ALERTS.read_text())
    return {*emitted, *pipeline, names.ERROR_RATIO, names.BUDGET_REMAINING, "up"}


def _alerts() -> list[dict[str, Any]]:
    documents = [yaml.safe_load(path.read_text()) for path in sorted(GENERATED.glob("*.rules.yaml"))]
    rules = [rule for document in documents for group in document["groups"] for rule in group["rules"]]
    return [rule for rule in rules if "alert" in rule]


def test_every_alert_links_a_runbook_that_names_it() -> None:
    """The headings are the same everywhere, so that whoever is paged knows where to look."""
    alerts = _alerts()
    assert {path.stem for path in SPECS.glob("*.yaml")} == {alert["labels"]["slo"] for alert in alerts}
    for alert in alerts:
        page = (ROOT / alert["annotations"]["runbook_url"]).read_text()
        assert f"`{alert['alert']}`" in page
        assert [line for line in page.splitlines() if line in HEADINGS] == HEADINGS


def test_commands_of_the_runbooks_exist() -> None:
    """Only `billing` and `slo` are ours."""
    pages = "\n".join(path.read_text() for path in _runbooks())
    named = set(re.findall(r"(?:`|^ +)billing ([a-z][a-z-]+)", pages, flags=re.MULTILINE))
    assert (
        {"audit", "dead-letters", "worker"} <= named <= {path.stem.replace("_", "-") for path in COMMANDS.glob("*.py")}
    )


@pytest.mark.parametrize("query", _queries())
def test_queries_parse_and_name_known_metrics(query: str) -> None:
    promql_parser.parse(query)
    selectors = re.findall(r"([a-z_:0-9]+)\{|\b(otelcol_[a-z0-9_]+)", query)
    assert selectors
    assert {one or other for one, other in selectors} <= _series()


def test_the_table_of_windows_is_the_policy(seed: Policy) -> None:
    text = RUNBOOK.read_text()
    for pair in seed.pairs:
        share = f"{pair.budget_share * 100:.0f} %"
        assert f"| {pair.name} | {pair.severity} | {pair.burn_rate} | {share}" in text
