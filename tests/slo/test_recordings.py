"""What holds of the rules of any documents: all that is read is recorded, once; nobody is woken who need not be."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from slo import names
from slo.guarded import Guarded, load_guarded
from slo.promtest import test_files as made_tests
from slo.rules import rule_file, to_yaml
from slo.spec import SPECS

Promtool = Callable[..., "subprocess.CompletedProcess[str]"]

SHOP = """\
apiVersion: openslo/v1
kind: Service
metadata: {name: shop}
spec: {}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: orders}
spec:
  service: shop
  indicator:
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: Prometheus, spec: {query: failures_total}}}
        total: {metricSource: {type: Prometheus, spec: {query: orders_total}}}
  timeWindow: [PERIOD]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
  alertPolicies: [POLICY]
"""
ROLLING = "{duration: 7d, isRolling: true}"
WEEKLY_PAGE = """{metadata: {name: own}, spec: {conditions: [{metadata: {name: c}, spec: {
    severity: page, condition: {kind: burnrate, threshold: 2, lookbackWindow: 7d}}}]}}"""
SEED = "{alertPolicyRef: seed}"


def begun(duration: str) -> str:
    return f"{{duration: {duration}, calendar: {{startTime: 2026-01-01 00:00:00, timeZone: UTC}}}}"


PERIODS = {
    "a page of the whole period": (ROLLING, WEEKLY_PAGE),
    "a page above three days, in a month": (begun("1M"), WEEKLY_PAGE),
    "days from a date": (begun("28d"), SEED),
    "weeks from a date": (begun("4w"), SEED),
    "a quarter": (begun("1Q"), SEED),
}
DOCUMENTS = [*SPECS.glob("*.yaml"), *(Path(__file__).parent / "documents").glob("*.yaml")]


def _rules(entry: Guarded) -> list[dict[str, Any]]:
    return [rule for group in rule_file(entry.slo, entry.policy)["groups"] for rule in group["rules"]]


def _shop(folder: Path, period: str, policy: str) -> Guarded:
    path = folder / "shop.yaml"
    path.write_text(SHOP.replace("PERIOD", period).replace("POLICY", policy))
    (entry,) = load_guarded([path])
    return entry


def _unrecorded(rules: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Series of ours, with their windows, that rules and annotations read and no rule records."""
    read = {
        (name, window)
        for rule in rules
        for text in (rule["expr"], *rule.get("annotations", {}).values())
        for name, _, window in re.findall(r'\b(slo:[a-z_:0-9]+)\{slo="[^"]+"(,window="([^"]+)")?', text)
    }
    return read - {(rule["record"], rule["labels"].get("window", "")) for rule in rules if "record" in rule}


def _repeated(rules: list[dict[str, Any]]) -> list[str]:
    found = [f"{rule['record']} {sorted(rule['labels'].items())}" for rule in rules if "record" in rule]
    return [one for one in found if found.count(one) > 1]


def test_rules_of_documents_read_what_they_record_once() -> None:
    found = load_guarded(DOCUMENTS)
    assert len(found) > 20
    for entry in found:
        assert (_unrecorded(_rules(entry)), _repeated(_rules(entry))) == (set(), []), entry.slo.name


@pytest.mark.parametrize("case", PERIODS)
def test_rules_of_a_period_are_valid_and_read_what_they_record_once(
    tmp_path: Path, promtool: Promtool, case: str
) -> None:
    entry = _shop(tmp_path, *PERIODS[case])
    rules = _rules(entry)
    (tmp_path / "rules.yaml").write_text(to_yaml(rule_file(entry.slo, entry.policy)))
    checked = promtool("check", "rules", tmp_path / "rules.yaml")
    assert checked.returncode == 0, checked.stderr
    assert _unrecorded(rules) == set()
    assert _repeated(rules) == []


def test_only_policies_with_a_page_page_for_lost_telemetry() -> None:
    for entry in load_guarded(DOCUMENTS):
        wakes = any(pair.severity == "page" for pair in entry.policy.pairs)
        named = names.telemetry_absent_alert(entry.slo.name)
        for rule in (rule for rule in _rules(entry) if rule.get("alert") == named):
            assert rule["labels"]["severity"] in (("page", "critical") if wakes else ("ticket",)), entry.slo.name


def test_the_cost_budget_wakes_nobody_and_contradicts_nothing() -> None:
    entry = next(one for one in load_guarded(SPECS.glob("*.yaml")) if one.slo.name == "tenant-cost-budget")
    alerts = [rule for rule in _rules(entry) if "alert" in rule]
    assert {rule["labels"]["severity"] for rule in alerts} == {"ticket"}
    assert names.telemetry_absent_alert("tenant-cost-budget") in {rule["alert"] for rule in alerts}
    assert names.errors_above_total_alert("tenant-cost-budget") not in {rule["alert"] for rule in alerts}


@pytest.mark.parametrize("may", [False, True])
def test_two_counters_contradict_each_other_unless_the_document_says_that_they_may(tmp_path: Path, may: bool) -> None:
    path = tmp_path / "shop.yaml"
    text = SHOP.replace("PERIOD", ROLLING).replace("POLICY", SEED)
    annotated = f'{{name: orders, annotations: {{slo/part-may-exceed-total: "{str(may).lower()}"}}}}'
    path.write_text(text.replace("{name: orders}", annotated))
    (entry,) = load_guarded([path])
    surplus = names.errors_above_total_alert("orders")
    assert (surplus not in {rule.get("alert") for rule in _rules(entry)}) == may
    suite = to_yaml(made_tests(entry.slo, entry.policy, "rules.yaml")["test"])
    assert ("a part that is more than the whole" not in suite) == may


def test_a_scaled_period_is_as_long_as_it_lasts(tmp_path: Path) -> None:
    entry = _shop(tmp_path, ROLLING, SEED)
    for scale, seconds in ((1, "604800"), (10, "60480"), (16, "37800")):
        groups = rule_file(entry.slo, entry.policy, scale)["groups"]
        (rule,) = (rule for group in groups for rule in group["rules"] if rule.get("record") == names.PERIOD)
        assert rule["expr"] == f"vector({seconds})"
