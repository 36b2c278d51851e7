"""`slo report` over thirty days in a real Prometheus."""

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from slo.__main__ import main
from slo.report import period

DAY = 86_400


def text(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def test_a_report(shop: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Thirty days: one SLO was kept, one missed, one nobody measured."""
    span = ["--from", text(shop.end - 30 * DAY), "--to", text(shop.end)]
    spec = str(shop.spec("healthy", "exhausted", "absent"))
    folder = tmp_path / "report"
    assert main(["report", spec, "--prometheus", shop.url, *span, "--out", str(folder), "--output", "json"]) == 0
    found = {one["slo"]: one for one in json.loads(capsys.readouterr().out)}
    verdicts = {"healthy": "kept", "exhausted": "missed", "absent": "not measured"}
    assert {name: one["verdict"] for name, one in found.items()} == verdicts
    assert math.isclose(found["healthy"]["budget_spent_ratio"], 2 / 43.2, rel_tol=0.01)
    assert math.isclose(found["exhausted"]["budget_spent_ratio"], 60 / 43.2, rel_tol=0.01)
    assert math.isclose(found["exhausted"]["errors"], 360_000, rel_tol=0.01)
    assert math.isclose(
        sum(day["budget_spent_ratio"] for day in found["exhausted"]["worst_days"]), 60 / 43.2, rel_tol=0.01
    )
    (alert,) = found["exhausted"]["alerts"]
    assert (alert["severity"], alert["pair"]) == ("page", "5m@1h")
    # Prometheus shows a sample for five minutes after it was written.
    assert 58 * 60 <= alert["seconds"] <= 63 * 60
    assert {path.name for path in folder.iterdir()} == {"report.html", "report.md", *(f"{name}.png" for name in found)}
    markdown = (folder / "report.md").read_text()
    assert "| exhausted | 99.9 % | 99.861 % | 138.89 % |" in markdown
    assert "| absent | 99.9 % | no data | no data | 0 | 0 | 0 | not measured |" in markdown
    page = (folder / "report.html").read_text()
    assert page.count("<svg") == 3
    assert "http://" not in page.replace("http://www.w3.org", "").replace("http://purl.org", "").replace(
        "http://creativecommons.org", ""
    )


def test_an_slo_without_a_request_is_not_measured(
    shop: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    span = ["--from", text(shop.end - 2 * DAY), "--to", text(shop.end)]
    spec, folder = str(shop.spec("idle")), tmp_path / "report"
    assert main(["report", spec, "--prometheus", shop.url, *span, "--out", str(folder), "--output", "json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["verdict"], found["requests"], found["budget_spent_ratio"]) == ("not measured", 0, None)
    assert "| idle | 99.9 % | no data | no data | 0 | 0 | 0 | not measured |" in (folder / "report.md").read_text()


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("2026-02", "2026-02-01", "2026-03-01"),
        ("2026-12", "2026-12-01", "2027-01-01"),
        ("2026-Q4", "2026-10-01", "2027-01-01"),
    ],
)
def test_months_and_quarters(name: str, start: str, end: str) -> None:
    found = period.named(name, datetime(2030, 1, 1, tzinfo=UTC).timestamp())
    assert (text(found.start)[:10], text(found.end)[:10], found.over) == (start, end, True)


def test_a_month_that_lasts_is_measured_so_far() -> None:
    now = datetime(2026, 11, 28, tzinfo=UTC).timestamp()
    found = period.current(now)
    assert (found.name, found.measured_end, found.over) == ("2026-11", now, False)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--period", "November"], "expected a month such as 2026-10 or a quarter such as 2026-Q4, got 'November'"),
        (["--period", "2999-01"], "2999-01: expected a period that has begun"),
        (["--period", "2026-01", "--from", "2026-01-01"], "expected either it or --from and --to"),
    ],
)
def test_a_wrong_period_is_refused(capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str) -> None:
    assert main(["report", "--prometheus", "http://127.0.0.1:9", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"slo report: --period: {problem}")
