"""The alerts for the pipeline itself: they fire for what they are for, and each leads to its part of the runbook."""

import subprocess

import yaml

from chaos.lab.configuration import pipeline_rules
from chaos.lab.programs import PROJECT, find

RULES = PROJECT / "collector" / "alerts" / "pipeline.rules.yaml"


def test_promtool_sees_each_alert_fire_and_stay_quiet() -> None:
    tests = PROJECT / "tests" / "collector" / "pipeline.test.yaml"
    argv = [find("promtool"), "test", "rules", tests]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lab_loads_them() -> None:
    assert RULES in pipeline_rules()


def test_each_leads_to_its_part_of_the_runbook_and_belongs_to_no_objective() -> None:
    alerts = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    for alert in alerts:
        path, anchor = alert["annotations"]["runbook_url"].split("#")
        assert f"\n## {alert['alert']}\n" in (PROJECT / path).read_text()
        assert anchor == alert["alert"].lower()
        assert alert["labels"].keys() >= {"severity", "service", "component"}
        assert "slo" not in alert["labels"]


def test_every_alert_of_the_project_links_a_runbook_that_is_there() -> None:
    files = [path for room in ("collector", "deploy", "slo") for path in (PROJECT / room).rglob("*.rules.yaml")]
    groups = [group for path in files for group in yaml.safe_load(path.read_text())["groups"]]
    alerts = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    assert {RULES, RULES.with_name("service.rules.yaml")} < set(files)
    assert len(alerts) > 50
    for alert in alerts:
        page = PROJECT / alert["annotations"]["runbook_url"].partition("#")[0]
        assert (page.parent, page.is_file()) == (PROJECT / "docs" / "runbooks", True), alert["alert"]
        assert "runbook" not in alert["annotations"]
