"""The rules in Prometheus's own hands: promtool checks them, and plays outages through them."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from slo.indicator import Counted
from slo.model import Objective, Policy, Slo
from slo.output import GENERATED
from slo.promtest import test_files as made_tests
from slo.query import Counter
from slo.rules import rule_file, to_yaml
from slo.selector import Selector

Promtool = Callable[..., "subprocess.CompletedProcess[str]"]

REQUESTS = 'billing_http_requests_total{job="billing",billing_request_outcome="good"}'
ERRORS = 'billing_http_requests_total{job="billing",billing_request_outcome="bad"}'


@pytest.mark.parametrize("scale", [1, 5, 20, 30])
def test_rules_are_valid(tmp_path: Path, promtool: Promtool, slo: Slo, seed: Policy, scale: int) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(to_yaml(rule_file(slo, seed, scale)))
    checked = promtool("check", "rules", path)
    assert checked.returncode == 0, checked.stderr
    assert "22 rules found" in checked.stdout


def test_committed_tests_pass(promtool: Promtool) -> None:
    """One objective whole, and the fine tests of one of each other kind; `make slo-test` plays all of them."""
    tests = sorted(GENERATED.glob("api-availability.*test.yaml"))
    assert len(tests) == 3
    kinds = ("api-latency", "metering-freshness", "tenant-cost-budget")
    tests += [GENERATED / f"{name}.test.yaml" for name in kinds]
    tested = promtool("test", "rules", *tests)
    assert tested.returncode == 0, tested.stdout


@pytest.mark.parametrize(
    ("long", "pattern", "replacement"),
    [
        ("1h", r"> 0\.0144", "> 0.0142"),
        ("1h", r"> 0\.0144", "> 0.018"),
        ("1h", r"^(  +sum\(rate.*)\[5m\]", r"\1[15m]"),
        ("1h", r"or vector\(0\)", ""),
        ("1h", r" > 0\)$", ")"),
        ("1h", r"for: 1m", "for: 5m"),
        ("1h", r"for: 1m\n", "\n"),
        ("1h", r"> 1\.01 \* ", "> 0.99 * "),
        ("1h", r"absent\(sum\(.*\)\)", "vector(1) < 0"),
        ("1h", r"1 - sum\(slo:error_ratio:window", "2 - sum(slo:error_ratio:window"),
        ("6h", r"\[6h\]", "[5h]"),
        ("6h", r"sum_over_time\(slo:requests", "count_over_time(slo:requests"),
    ],
)
def test_a_wrong_rule_fails_the_generated_tests(
    tmp_path: Path, promtool: Promtool, slo: Slo, seed: Policy, long: str, pattern: str, replacement: str
) -> None:
    policy = replace(seed, pairs=tuple(pair for pair in seed.pairs if pair.long.text == long))
    right = to_yaml(rule_file(slo, policy))
    wrong = re.sub(pattern, replacement, right, flags=re.MULTILINE)
    assert wrong != right
    (tests,) = made_tests(slo, policy, "rules.yaml").values()
    (tmp_path / "rules.yaml").write_text(wrong)
    (tmp_path / "test.yaml").write_text(to_yaml(tests))
    tested = promtool("test", "rules", tmp_path / "test.yaml")
    assert tested.returncode == 1
    assert "got:" in tested.stderr


def test_another_slo_passes_its_own_tests(tmp_path: Path, promtool: Promtool, slo: Slo, seed: Policy) -> None:
    """A lower objective, and errors that are counted by a metric of their own."""
    other = replace(
        slo,
        name="checkout",
        objective=Objective(Decimal("0.95"), slo.objective.period),
        indicator=Counted(
            Counter(Selector.parse('checkout_failures_total{reason!=""}')),
            Counter(Selector.parse("checkout_requests_total")),
        ),
    )
    policy = replace(seed, pairs=seed.pairs[:2])
    (tmp_path / "rules.yaml").write_text(to_yaml(rule_file(other, policy)))
    for end, document in made_tests(other, policy, "rules.yaml").items():
        (tmp_path / f"{end}.yaml").write_text(to_yaml(document))
    tested = promtool("test", "rules", *tmp_path.glob("*test.yaml"))
    assert tested.returncode == 0, tested.stderr


def test_a_night_of_errors_weighs_what_its_traffic_weighs(
    tmp_path: Path, promtool: Promtool, slo: Slo, seed: Policy
) -> None:
    """Every request of the quiet 6h fails; it has 1/100 of the traffic, so 1/101 of all requests failed."""
    day, night = "0+100x360", "36000x370"
    series = {REQUESTS: f"{day} {night}", ERRORS: "0x360 0+1x360 360x10"}
    ratio = 'round(sum(slo:error_ratio:window{window="30d"}), 0.0001)'
    check = {"expr": ratio, "eval_time": "730m", "exp_samples": [{"labels": "{}", "value": 0.0099}]}
    _play(tmp_path, promtool, to_yaml(rule_file(slo, seed)), series, {"promql_expr_test": [check]})


def test_the_page_reads_in_plain_words(tmp_path: Path, promtool: Promtool, slo: Slo, seed: Policy) -> None:
    """Two clean days, then 50 minutes with 2 % errors; the budget is as of the last sparse sample, 10 minutes ago.

    Prometheus 3 leaves the first moment out of a window."""
    page = next(rule for rule in rule_file(slo, seed)["groups"][0]["rules"] if "alert" in rule)
    series = {REQUESTS: "0+60000x2880 172858800+58800x50", ERRORS: "0x2880 1200+1200x50"}
    said = (
        "1.667% of the requests of billing failed over the last 1h, and over the last 5m more than 1.44% as well: "
        "14.4 times the pace that the objective of 99.9% allows. 27.4% of the error budget of 30d is spent; "
        "at this pace the rest lasts 1d 7h "
    )
    heard = []
    for rest in ("21m 51s.", "21m 19s."):
        annotations = {**page["annotations"], "description": said + rest}
        alert = {"exp_labels": page["labels"], "exp_annotations": annotations}
        check = {"eval_time": "2930m", "alertname": page["alert"], "exp_alerts": [alert]}
        heard.append(_played(tmp_path, promtool, to_yaml(rule_file(slo, seed)), series, {"alert_rule_test": [check]}))
    assert sorted(one.returncode for one in heard) == [0, 1], heard[0].stdout + heard[0].stderr


def _play(folder: Path, promtool: Promtool, rules: str, series: dict[str, str], checks: dict[str, Any]) -> None:
    tested = _played(folder, promtool, rules, series, checks)
    assert tested.returncode == 0, tested.stderr


def _played(
    folder: Path, promtool: Promtool, rules: str, series: dict[str, str], checks: dict[str, Any]
) -> "subprocess.CompletedProcess[str]":
    """Feed the rules a sample a minute, evaluate them every 10 minutes, recordings first, and check."""
    feed = [{"series": name, "values": values} for name, values in series.items()]
    document = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "10m",
        "group_eval_order": [f"slo:api-availability:{group}" for group in ("slow", "fast", "period")],
        "tests": [{"interval": "1m", "input_series": feed, **checks}],
    }
    (folder / "rules.yaml").write_text(rules)
    (folder / "test.yaml").write_text(yaml.safe_dump(document))
    return promtool("test", "rules", folder / "test.yaml")
