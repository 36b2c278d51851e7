"""`slo gate`, alone and as a step of a pipeline, against a real Prometheus."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from slo import gate
from slo.__main__ import main

PIPELINE = Path(__file__).parents[2] / "docs" / "examples" / "pipeline.mk"
POLICY = (gate.POLICIES / "default.yaml").read_text()


def ask(shop: Any, tmp_path: Path, slo: str, *more: str) -> int:
    at = datetime.fromtimestamp(shop.end, UTC).isoformat()
    audit = ["--audit", str(tmp_path / "audit.jsonl"), "--who", "ann", "--commit", "abc"]
    return main(["gate", str(shop.spec(slo)), "--prometheus", shop.url, "--at", at, *audit, *more])


def records(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    ("slo", "code", "decision", "reason"),
    [
        ("healthy", 0, "pass", "budget and burn rates are fine"),
        ("exhausted", 1, "block", "% of the error budget is left; below 0"),
        ("burning", 1, "block", "page 5m@1h is burning: "),
        ("idle", 1, "block", "telemetry is idle"),
        ("absent", 1, "block", "telemetry is absent"),
    ],
)
def test_decisions(shop: Any, tmp_path: Path, slo: str, code: int, decision: str, reason: str) -> None:
    assert ask(shop, tmp_path, slo) == code
    (record,) = records(tmp_path)
    assert (record["who"], record["commit"], record["decision"]) == ("ann", "abc", decision)
    assert any(reason in line for line in record["slos"][0]["reasons"])


def test_an_override_passes_on_the_record(shop: Any, tmp_path: Path) -> None:
    assert ask(shop, tmp_path, "exhausted") == 1
    assert ask(shop, tmp_path, "exhausted", "--override", "rollback of the broken release") == 0
    first, second = records(tmp_path)
    assert (first["decision"], second["decision"]) == ("block", "overridden")
    assert second["override"] == "rollback of the broken release"
    assert second["slos"][0]["reasons"][-1] == "overridden: rollback of the broken release"


@pytest.mark.parametrize(("until", "code", "decision"), [("2999-01-01", 0, "excepted"), ("2020-01-01", 1, "block")])
def test_an_exception_expires(shop: Any, tmp_path: Path, until: str, code: int, decision: str) -> None:
    entry = f"exceptions: [{{slo: exhausted, until: {until}, reason: migration, approved_by: bob}}]"
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY.replace("exceptions: []", entry))
    assert ask(shop, tmp_path, "exhausted", "--policy", str(policy)) == code
    (record,) = records(tmp_path)
    assert record["decision"] == decision
    assert "approved by bob: migration" in record["slos"][0]["reasons"][-1]


def test_a_low_budget_warns(shop: Any, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY.replace("warn_below: 0.25", "warn_below: 0.99"))
    assert ask(shop, tmp_path, "healthy", "--policy", str(policy)) == 0
    assert records(tmp_path)[0]["decision"] == "warn"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("warn_below: 0.25", "warn_below: -1", "warn_below: expected at least block_below"),
        ("no_data: block", "no_data: allow", "no_data: expected 'pass' or 'warn' or 'block', got 'allow'"),
        ("exceptions: []", "exceptions: [{slo: a, until: soon, reason: r, approved_by: b}]", "exceptions[0].until: "),
        ("exceptions: []", "exemptions: []", "exemptions: unknown field"),
    ],
)
def test_a_wrong_policy_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, problem: str
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY.replace(old, new))
    assert main(["gate", "--prometheus", "http://127.0.0.1:9", "--policy", str(policy)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"slo gate: {policy}: {problem}")


def test_what_cannot_be_recorded_does_not_pass(shop: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "audit.jsonl").mkdir()
    assert ask(shop, tmp_path, "healthy") == 2
    assert "expected an audit file that can be appended to" in capsys.readouterr().err


@pytest.mark.parametrize(("slo", "released"), [("healthy", True), ("exhausted", False)])
def test_the_sample_pipeline(shop: Any, tmp_path: Path, slo: str, released: bool) -> None:
    """The Makefile of the documentation, as it is: the deploy step runs behind the gate, or not at all."""
    slo_command = Path(sys.executable).with_name("slo")
    at = datetime.fromtimestamp(shop.end, UTC).isoformat()
    settings = {
        "SLO": f"{slo_command}",
        "SPECS": shop.spec(slo),
        "PROMETHEUS_URL": shop.url,
        "AUDIT": tmp_path / "audit.jsonl",
        "GATE_OPTIONS": f"--at {at}",
        "DEPLOY": f"touch {tmp_path}/released",
    }
    argv = ["make", "-f", str(PIPELINE), "release", *(f"{name}={value}" for name, value in settings.items())]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
    assert (done.returncode == 0, (tmp_path / "released").exists()) == (released, released), done.stderr
    assert f"decision={'pass' if released else 'block'} blocking={int(not released)}" in done.stdout
    assert len(records(tmp_path)) == 1
