"""`slo backtest` against what the real rules do with the same series, and against labelled incidents."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from slo import names
from slo.__main__ import main
from slo.backtest.firings import Notice
from slo.backtest.incidents import Incident, score
from slo.model import Policy
from slo.rules import rule_file, to_yaml
from slo.spec import load_specs

DAY = 86_400
STEP = 120


def text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def backtest(
    shop: Any, capsys: pytest.CaptureFixture[str], days: int, *more: str, spec: Path | None = None
) -> list[dict[str, Any]]:
    span = ["--from", text(shop.end - days * DAY), "--to", text(shop.end)]
    arguments = [str(spec or shop.spec("stormy")), "--prometheus", shop.url, *span, "--output", "json", *more]
    assert main(["backtest", *arguments]) == 0
    told = capsys.readouterr()
    assert "slo backtest: stormy: errors by 5m, 1 of " in told.err
    found: list[dict[str, Any]] = json.loads(told.out)
    return found


@pytest.mark.parametrize(("method", "days"), [("Occurrences", 3), ("Timeslices", 1), ("RatioTimeslices", 1)])
def test_the_rules_fire_when_the_backtest_says(
    shop: Any,
    seed: Policy,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    promtool: Callable[..., Any],
    method: str,
    days: int,
) -> None:
    """Days of one series: promtool evaluates the generated rules, the backtest asks a Prometheus."""
    spec = shop.spec("stormy") if method == "Occurrences" else shop.sliced(method, "stormy")
    slo = load_specs([spec])[0]
    policy = replace(seed, pairs=seed.pairs[:days])
    rules = _alerts(rule_file(slo, policy))
    (tmp_path / "rules.yaml").write_text(to_yaml(rules))
    (outcome,) = backtest(shop, capsys, days, "--step", str(STEP), spec=spec)
    fired = [one for one in outcome["firings"] if one["pair"] in {pair.name for pair in policy.pairs}]
    assert {one["pair"] for one in fired} == {pair.name for pair in policy.pairs}
    assert len(fired) >= {1: 1, 3: 8}[days]
    checks = [
        check
        for pair in policy.pairs
        for check in _checks(pair, [f for f in fired if f["pair"] == pair.name], shop.end - days * DAY, days)
    ]
    document = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": f"{STEP}s",
        "group_eval_order": [group["name"] for group in reversed(rules["groups"])],
        "tests": [{"interval": "1m", "input_series": shop.series("stormy", days), "promql_expr_test": checks}],
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(document))
    tested = promtool("test", "rules", tmp_path / "test.yaml")
    assert tested.returncode == 0, tested.stderr


def _alerts(rules: dict[str, Any]) -> dict[str, Any]:
    """Only the alerts and the recordings that they read, as promtool evaluates each rule 2,160 times."""
    read = (names.ERRORS, names.REQUESTS, names.ERROR_RATIO)
    kept = [
        {
            **group,
            "rules": [
                rule
                for rule in group["rules"]
                if "alert" in rule or (rule["record"] in read and rule["labels"].get(names.WINDOW) != "30d")
            ],
        }
        for group in rules["groups"]
    ]
    return {"groups": [group for group in kept if group["rules"]]}


def _checks(pair: Any, fired: list[dict[str, Any]], begin: float, days: int) -> list[dict[str, Any]]:
    """Silent before, firing at the first and the last evaluation, silent after; and nothing beside."""
    labels = {"alertstate": "firing", names.LONG_WINDOW: pair.long.text, names.SHORT_WINDOW: pair.short.text}
    alert = f"ALERTS{names.braces(labels)}"
    edges = [
        (at - begin, expected)
        for one in fired
        for at, expected in ((one["start"] - STEP, 0), (one["start"], 1), (one["end"], 1), (one["end"] + STEP, 0))
    ]
    total = sum(round((one["end"] - one["start"]) / STEP) + 1 for one in fired)
    return [
        *(_check(f"count({alert}) or vector(0)", at, expected) for at, expected in edges if at <= days * DAY),
        _check(f"sum(count_over_time({alert}[{days}d]))", days * DAY, total),
    ]


def _check(expression: str, at: float, value: int) -> dict[str, Any]:
    return {"expr": expression, "eval_time": f"{round(at)}s", "exp_samples": [{"labels": "{}", "value": value}]}


def test_two_policies_side_by_side(shop: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labelled = [
        {"name": "total outage", "from": text(shop.end - 46 * 3600), "to": text(shop.end - 46 * 3600 + 600)},
        {"name": "slow leak", "from": text(shop.end - 20 * 3600), "to": text(shop.end - 14 * 3600)},
        {"name": "nothing to see", "from": text(shop.end - 60 * 3600), "to": text(shop.end - 59 * 3600)},
    ]
    (tmp_path / "incidents.yaml").write_text(yaml.safe_dump(labelled))
    policies = ["--policy", "seed", "--policy", "workbook", "--incidents", str(tmp_path / "incidents.yaml")]
    first, second = backtest(shop, capsys, 4, *policies)
    assert (first["policy"], second["policy"]) == ("seed", "workbook")
    assert (first["notices"] == second["notices"]) is False
    outage, leak, nothing = first["scores"]["page"]["detections"]
    # The 14.4 pair takes 51.84 s of a full outage, here to the next minute.
    assert outage["seconds"] == 60
    # 0.6 / 0.8 of 6h, and 2.5 minutes for the recordings.
    assert leak["seconds"] == 16_200 + 180
    assert nothing["seconds"] is None
    assert first["scores"]["page"]["recall_ratio"] == pytest.approx(2 / 3)
    assert 0 < first["scores"]["any"]["precision_ratio"] < 1
    assert first["cost"]["samples"] > first["cost"]["derived_samples"] > 8_640


def test_a_table(shop: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A short policy beside a shorter one, over the hours of one outage."""
    for name, share in (("mine", "0.02"), ("yours", "0.12")):
        pair = f"{{long: 1h, short: 5m, budget_share: {share}, severity: page}}"
        (tmp_path / f"{name}.yaml").write_text(f"policy: {name}\nsource: a test\nperiod: 30d\npairs: [{pair}]\n")
    policies = [part for name in ("mine", "yours") for part in ("--policy", str(tmp_path / f"{name}.yaml"))]
    span = ["--from", text(shop.end - 47 * 3600), "--to", text(shop.end - 44 * 3600)]
    assert main(["backtest", str(shop.spec("stormy")), "--prometheus", shop.url, *policies, *span]) == 0
    table = capsys.readouterr().out.splitlines()
    assert table[0].split() == ["mine", "yours"]
    assert table[1].split() == ["pages", "1", "1"]
    assert "policy yours" in table


@pytest.mark.parametrize(
    ("extra", "delay"),
    # Each window of an hour holds 360,000 requests; the outage makes 6,000 failures in its first minute.
    [("guard: {events: 350000, failures: 5000}", 0), ("hold: 5m", 300), ("guard: {events: 370000}", None)],
)
def test_guards_and_holds(
    shop: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], extra: str, delay: int | None
) -> None:
    pair = f"{{long: 1h, short: 5m, budget_share: 0.02, severity: page, {extra}}}"
    policy = tmp_path / "mine.yaml"
    policy.write_text(f"policy: mine\nsource: a test\nperiod: 30d\npairs: [{pair}]\n")
    (outcome,) = backtest(shop, capsys, 3, "--policy", str(policy))
    starts = [one["start"] - (shop.end - 46 * 3600) for one in outcome["firings"]]
    assert starts[:1] == ([] if delay is None else [60 + delay])


def test_a_score_of_nothing_is_no_score() -> None:
    empty = score([], [])
    assert (empty.precision_ratio, empty.recall_ratio) == (None, None)
    missed = score([Notice("a", "page", ("5m@1h",), 100, 160)], [Incident("later", 161, 200)])
    assert (missed.precision_ratio, missed.recall_ratio) == (0, 0)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("[{name: a, from: soon, to: 2026-01-01T00:00:00Z}]", "incidents[0].from: expected a time such as"),
        ("[{name: a, from: 2026-01-02T00:00:00Z, to: 2026-01-01T00:00:00Z}]", "incidents[0].to: expected a time after"),
        ("[{name: a, until: 2026-01-02T00:00:00Z}]", "incidents[0].until: unknown field"),
        ("{}", "incidents: expected a list that is not empty"),
    ],
)
def test_wrong_incidents_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, problem: str
) -> None:
    path = tmp_path / "incidents.yaml"
    path.write_text(content)
    assert main(["backtest", "--prometheus", "http://127.0.0.1:9", "--incidents", str(path)]) == 2
    assert capsys.readouterr().err.splitlines()[0].startswith(f"slo backtest: {path}: {problem}")
