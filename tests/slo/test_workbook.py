"""The tables of the SRE Workbook, by `slo predict` and by promtool: 99.9 % over 30 days, warm, steady errors."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from slo import names
from slo.__main__ import main
from slo.casebook import firing, never
from slo.model import Slo
from slo.policy import load_policy
from slo.promtest import outage_case, step_of
from slo.rules import rule_file, to_yaml
from slo.traffic import Phase, traffic

Promtool = Callable[..., "subprocess.CompletedProcess[str]"]

# Long window: burn rate, budget spent, and seconds to detection at 100 %, 10 % and 1 % of errors.
TABLE = {
    "1h": ("14.4", "0.02", ("51.84", "518.4", None)),
    "6h": ("6", "0.05", ("129.6", "1296", "12960")),
    "24h": ("3", "0.1", ("259.2", "2592", "25920")),
    "3d": ("1", "0.1", ("259.2", "2592", "25920")),
    "30d": ("1", "1", ("2592", "25920", "259200")),
}
RATIOS = ("1", "0.1", "0.01")


def test_predict_prints_the_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str], slo: Slo) -> None:
    source = Path(names.__file__).parent / "specs" / f"{slo.name}.yaml"
    spec = tmp_path / "spec.yaml"
    spec.write_text(source.read_text().replace("alertPolicyRef: seed", "alertPolicyRef: default"))
    assert main(["predict", str(spec), "--output", "json"]) == 0
    rows = json.loads(capsys.readouterr().out, parse_float=Decimal, parse_int=Decimal)
    found = {(row["long"], row["error_ratio"]): row for row in rows}
    assert len(found) == len(rows) == len(TABLE) * len(RATIOS)
    for long, (rate, spent, detections) in TABLE.items():
        for ratio, seconds in zip(RATIOS, detections, strict=True):
            row = found[long, Decimal(ratio)]
            assert row["burn_rate"] == Decimal(rate)
            assert row["detection_seconds"] == (None if seconds is None else Decimal(seconds))
            assert row["budget_spent_ratio"] == (None if seconds is None else Decimal(spent))


def test_promtool_finds_the_tables(tmp_path: Path, promtool: Promtool, slo: Slo) -> None:
    """Each pair by itself, at each error ratio: silent before its detection and firing after, within one evaluation."""
    made = traffic(slo)
    assert made is not None
    policy = load_policy("default")
    assert [pair.long.text for pair in policy.pairs] == list(TABLE)
    for pair in policy.pairs:
        step = step_of(pair)
        cases = [
            outage_case(slo, pair, made, step, Decimal(ratio))
            for ratio, seconds in zip(RATIOS, TABLE[pair.long.text][2], strict=True)
            if seconds is not None
        ]
        if pair.long.text == "1h":
            ever = {
                "name": "1 % never pages",
                "interval": "1m",
                "input_series": made.series([Phase(7_200, Decimal("0.01"))]),
            }
            cases.append({**ever, "promql_expr_test": [never(firing(slo, names.burn_alert(slo.name)), 7_200)]})
        alone = replace(policy, pairs=(pair,), when_absent=False)
        (tmp_path / f"{pair.long}.rules.yaml").write_text(to_yaml(rule_file(slo, alone)))
        order = [group(slo.name) for group in (names.fast_group, names.slow_group, names.period_group)]
        document = {
            "rule_files": [f"{pair.long}.rules.yaml"],
            "evaluation_interval": step.text,
            "group_eval_order": order,
            "tests": cases,
        }
        (tmp_path / f"{pair.long}.test.yaml").write_text(to_yaml(document))
    tested = promtool("test", "rules", *tmp_path.glob("*.test.yaml"))
    assert tested.returncode == 0, tested.stderr
