"""Every kind of indicator in promtool's hands, and Sloth's documents as they are and as OpenSLO."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from slo import names
from slo.__main__ import main
from slo.calendar import Calendar
from slo.guarded import Guarded, load_guarded
from slo.model import Policy, Slo
from slo.promtest import test_files as made_tests
from slo.rules import rule_file, to_yaml
from slo.spec import SPECS, load_specs
from slo.traffic import Phase, traffic

Promtool = Callable[..., "subprocess.CompletedProcess[str]"]

DOCUMENTS = Path(__file__).parent / "documents"
KINDS = DOCUMENTS / "kinds.yaml"
SLOTH = DOCUMENTS / "sloth.yaml"
# Sloth's documents with queries of their own.
FREE = ("shop-signal", "shop-slow", "shop-rest", "shop-served")


def _guarded() -> dict[str, Guarded]:
    return {entry.slo.name: entry for entry in load_guarded([KINDS, SLOTH])}


def _play(
    folder: Path, promtool: Promtool, feed: list[dict[str, str]], checks: list[dict[str, Any]], every: str = "1m"
) -> None:
    """Rules of `folder` over series of a sample a minute, evaluated `every` so often, judged by promtool."""
    test = {"interval": "1m", "input_series": feed, "promql_expr_test": checks}
    document = {"rule_files": ["rules.yaml"], "evaluation_interval": every, "tests": [test]}
    (folder / "test.yaml").write_text(yaml.safe_dump(document))
    tested = promtool("test", "rules", folder / "test.yaml")
    assert tested.returncode == 0, tested.stderr


def _rules(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [rule for group in document["groups"] for rule in group["rules"]]


def test_the_rules_of_every_kind_are_valid(tmp_path: Path, promtool: Promtool) -> None:
    assert main(["generate", "--rules-only", "--out", str(tmp_path), str(KINDS), str(SLOTH)]) == 0
    checked = promtool("check", "rules", *tmp_path.glob("*.rules.yaml"))
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    "name", ["good-total", "latency-1", "latency-slow", "queue", "raw", "slices", "shop-requests", *FREE]
)
def test_a_kind_passes_its_own_suite(tmp_path: Path, promtool: Promtool, name: str) -> None:
    """With the quickest pair alone, as the others are tested in the same way."""
    entry = _guarded()[name]
    policy = replace(entry.policy, pairs=entry.policy.pairs[:1])
    (tmp_path / "rules.yaml").write_text(to_yaml(rule_file(entry.slo, policy)))
    (document,) = made_tests(entry.slo, policy, "rules.yaml").values()
    titles = " ".join(test["name"] for test in document["tests"])
    for said in ("fires and resets", "absent series of errors", "a start pages nobody", "no longer counted", "deploy"):
        assert said in titles
    (tmp_path / "test.yaml").write_text(to_yaml(document))
    tested = promtool("test", "rules", tmp_path / "test.yaml")
    assert tested.returncode == 0, tested.stderr


@pytest.mark.parametrize("year", [1970, 2026])
def test_a_calendar_period_passes_its_own_suite_before_and_after_its_start(
    tmp_path: Path, promtool: Promtool, year: int
) -> None:
    """promtool begins in 1970."""
    entry = _guarded()["shop-requests"]
    objective = replace(entry.slo.objective, calendar=Calendar("30d", datetime(year, 1, 1), "UTC"))
    slo, policy = replace(entry.slo, objective=objective), replace(entry.policy, pairs=())
    (tmp_path / "rules.yaml").write_text(to_yaml(rule_file(slo, policy)))
    (document,) = made_tests(slo, policy, "rules.yaml").values()
    (tmp_path / "test.yaml").write_text(to_yaml(document))
    tested = promtool("test", "rules", tmp_path / "test.yaml")
    assert tested.returncode == 0, tested.stderr
    assert ("calendar-30d" in (tmp_path / "test.yaml").read_text()) == (year == 1970)


def test_queries_that_are_too_free_have_rules_and_no_suite() -> None:
    found = _guarded()
    assert {name for name, entry in found.items() if not made_tests(entry.slo, entry.policy, "r")} == {"shop-peak"}


def test_a_native_histogram_has_a_bucket_on_each_side_of_its_bound() -> None:
    """0.3 lies between 0.25, where the first bucket ends, and 0.5, where the third begins; the rest is promtool 3's."""
    made = traffic(_guarded()["native"].slo)
    assert made is not None
    (series,) = made.series([Phase(120, Decimal("0.25"))])
    assert series == {
        "series": 'request_seconds{job="shop"}',
        "values": " ".join(
            [
                "{{schema:0 count:0 sum:0 offset:-2 buckets:[0 0 0]}}",
                "{{schema:0 count:60000 sum:60000 offset:-2 buckets:[45000 0 15000]}}"
                "+{{schema:0 count:60000 sum:60000 offset:-2 buckets:[45000 0 15000]}}x1",
            ]
        ),
    }


def test_groups_are_kept_apart() -> None:
    entry = _guarded()["good-total"]
    rules = _rules(rule_file(entry.slo, entry.policy))
    burn = next(rule for rule in rules if rule.get("alert") == names.burn_alert("good-total"))
    assert burn["expr"].startswith("sum by (tier) (slo:error_ratio:window{")
    assert burn["labels"]["slo_group"] == "{{ $labels.tier }}"
    assert "tier {{ $labels.tier }}" in burn["annotations"]["description"]
    for rule in rules:
        assert "sum(" not in rule["expr"].replace("absent(sum(", "")


def test_groups_are_measured_apart(tmp_path: Path, promtool: Promtool) -> None:
    """Tier b fails by half, tier a not at all: one alert, of tier b."""
    entry = _guarded()["good-total"]
    policy = replace(entry.policy, pairs=entry.policy.pairs[:1])
    (tmp_path / "rules.yaml").write_text(to_yaml(rule_file(entry.slo, policy)))
    series = {"a": ("0+60x20", "0x20"), "b": ("0+30x20", "0+30x20")}
    feed = [
        {"series": f'requests_total{{tier="{tier}",code="{code}"}}', "values": values}
        for tier, both in series.items()
        for code, values in zip(("200", "500"), both, strict=True)
    ]
    alert = 'sum by (tier, slo_group) (ALERTS{alertstate="firing"})'
    left = f"round(1000 * sum by (tier) ({names.series(names.ERROR_RATIO, 'good-total', '5m')}))"
    checks = [
        {"expr": alert, "eval_time": "15m", "exp_samples": [{"labels": '{tier="b",slo_group="b"}', "value": 1}]},
        {
            "expr": left,
            "eval_time": "15m",
            "exp_samples": [{"labels": '{tier="a"}', "value": 0}, {"labels": '{tier="b"}', "value": 500}],
        },
    ]
    _play(tmp_path, promtool, feed, checks)


@pytest.mark.parametrize("after", ["1800x60", "stale"])
def test_a_group_that_stops_is_reported_by_itself(tmp_path: Path, promtool: Promtool, after: str) -> None:
    """Tier b stands still or is gone after half an hour, tier a goes on: a ticket of tier b, and none of tier a."""
    entry = _guarded()["good-total"]
    (tmp_path / "rules.yaml").write_text(to_yaml(rule_file(entry.slo, replace(entry.policy, pairs=()))))
    feed = [
        {"series": 'requests_total{tier="a",code="200"}', "values": "0+60x90"},
        {"series": 'requests_total{tier="b",code="200"}', "values": f"0+60x30 {after}"},
    ]
    stale = f'ALERTS{{alertname="{names.telemetry_stale_alert("good-total")}",alertstate="firing"}}'
    one = [{"labels": '{tier="b",slo_group="b",severity="ticket"}', "value": 1}]
    checks = [
        {"expr": f"count by (tier, slo_group, severity) ({stale})", "eval_time": "65m", "exp_samples": one},
        {"expr": f"count_over_time({stale}[40m])", "eval_time": "40m", "exp_samples": []},
        {
            "expr": 'count(ALERTS{tier!="b"}) or vector(0)',
            "eval_time": "80m",
            "exp_samples": [{"labels": "{}", "value": 0}],
        },
    ]
    _play(tmp_path, promtool, feed, checks)


def test_one_hung_worker_of_four_is_all_that_counts(tmp_path: Path, promtool: Promtool) -> None:
    """What was used is at Stripe when the oldest hour of any worker is; the others say nothing against it."""
    entry = next(one for one in load_guarded(SPECS.glob("*.yaml")) if one.slo.name == "metering-freshness")
    (tmp_path / "rules.yaml").write_text(to_yaml(rule_file(entry.slo, replace(entry.policy, pairs=()))))
    feed = [
        {"series": f'billing_metering_backlog_age_seconds{{job="billing",instance="{name}"}}', "values": values}
        for name, values in (("a", "0x20"), ("b", "0x20"), ("c", "0x20"), ("d", "7200x20"))
    ]
    ratio = f"sum({names.series(names.ERROR_RATIO, 'metering-freshness', '5m')})"
    checks = [{"expr": ratio, "eval_time": "15m", "exp_samples": [{"labels": "{}", "value": 1}]}]
    _play(tmp_path, promtool, feed, checks)


def _month(start: datetime) -> tuple[Slo, Policy]:
    entry = _guarded()["month"]
    objective = replace(entry.slo.objective, calendar=Calendar("1M", start, "UTC"))
    return replace(entry.slo, objective=objective), entry.policy


def test_a_period_counts_nothing_before_it_begins(tmp_path: Path, promtool: Promtool) -> None:
    """All requests fail until two hours before January ends, and the first period is February."""
    slo, policy = _month(datetime(1970, 2, 1))
    (tmp_path / "rules.yaml").write_text(to_yaml(rule_file(slo, replace(policy, pairs=()))))
    day = 1_440
    failing = 31 * day - 120
    feed = [
        {"series": "requests_total", "values": f"0+60x{33 * day}"},
        {"series": "failures_total", "values": f"0+60x{failing} {60 * failing}x{2 * day}"},
    ]
    left = f"sum({names.series(names.BUDGET_REMAINING, 'month')})"
    checks = [
        {"expr": left, "eval_time": "30d", "exp_samples": []},
        {"expr": left, "eval_time": "32d", "exp_samples": [{"labels": "{}", "value": 1}]},
    ]
    _play(tmp_path, promtool, feed, checks, every="4h")


def test_a_month_forgets_the_one_before(tmp_path: Path, promtool: Promtool) -> None:
    """Half of January's requests fail, but for its last hours, and none of February's. promtool begins in 1970."""
    slo, policy = _month(datetime(1970, 1, 1))
    (tmp_path / "rules.yaml").write_text(to_yaml(rule_file(slo, replace(policy, pairs=()))))
    day = 1_440
    ratio = f"round(100 * sum({names.series(names.ERROR_RATIO, 'month', '1M')}))"
    failing = 31 * day - 120
    feed = [
        {"series": "requests_total", "values": f"0+60x{33 * day}"},
        {"series": "failures_total", "values": f"0+30x{failing} {30 * failing}x{2 * day}"},
    ]
    checks = [
        {"expr": ratio, "eval_time": at, "exp_samples": [{"labels": "{}", "value": value}]}
        for at, value in (("30d", 50), ("32d", 0))
    ]
    _play(tmp_path, promtool, feed, checks, every="4h")


def test_slos_of_sloth_are_the_same_as_openslo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported = tmp_path / "imported.yaml"
    assert main(["import", str(SLOTH), "--out", str(imported)]) == 0
    assert capsys.readouterr().out == f"{imported}\n"
    assert load_specs([imported]) == [replace(slo, policy="workbook") for slo in load_specs([SLOTH])]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("name: rest", "name: SIGNAL", "metadata.name: 'shop-signal' is taken by"),
        ("{team: checkout}", "{team: checkout, severity: high}", "metadata.labels.severity: expected another label"),
    ],
)
def test_what_would_be_no_openslo_is_not_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, problem: str
) -> None:
    source, imported = tmp_path / "sloth.yaml", tmp_path / "imported.yaml"
    source.write_text(SLOTH.read_text().replace(old, new, 1))
    assert main(["import", str(source), "--out", str(imported)]) == 2
    assert re.search(rf"slo import: {imported}:\d+: {re.escape(problem)}", capsys.readouterr().err)
    assert not imported.exists()


def test_what_a_document_of_sloth_says_of_its_alerts_is_kept() -> None:
    entry = _guarded()["shop-requests"]
    alerts = [rule for rule in _rules(rule_file(entry.slo, entry.policy)) if rule.get("alert") == "ShopErrors"]
    assert [alert["labels"]["long_window"] for alert in alerts] == ["1h", "6h"]
    for alert in alerts:
        labels = alert["labels"]
        assert (labels["severity"], labels["team"], labels["category"]) == ("critical", "checkout", "availability")
        assert alert["annotations"]["summary"] == "The shop fails."


@pytest.mark.parametrize("wanted", ["crd", "mimir", "thanos"])
def test_formats_hold_the_same_rules(tmp_path: Path, wanted: str) -> None:
    for name in ("prometheus", wanted):
        assert main(["generate", "--rules-only", "--format", name, "--out", str(tmp_path / name), str(SLOTH)]) == 0
    for path in (tmp_path / wanted).iterdir():
        plain = yaml.safe_load((tmp_path / "prometheus" / path.name).read_text())
        other = yaml.safe_load(path.read_text())
        groups = (other["spec"] if wanted == "crd" else other)["groups"]
        assert [group["rules"] for group in groups] == [group["rules"] for group in plain["groups"]]
    assert {"crd": "kind", "mimir": "namespace", "thanos": "groups"}[wanted] in other


def test_another_format_needs_a_directory(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "--format", "crd"]) == 2
    assert "--format crd: expected --out DIR as well" in capsys.readouterr().err
