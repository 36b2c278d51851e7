"""`slo status` against a real Prometheus with thirty days of history."""

import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from slo.__main__ import main
from slo.guarded import load_guarded
from slo.measured import Moment
from slo.model import Guard
from slo.prometheus import Prometheus
from slo.standing import standings


def rows(shop: Any, capsys: pytest.CaptureFixture[str], *slos: str) -> dict[str, dict[str, Any]]:
    arguments = ["--prometheus", shop.url, "--at", str_time(shop.end), "--output", "json"]
    assert main(["status", str(shop.spec(*slos)), *arguments]) == 0
    return {row["slo"]: row for row in json.loads(capsys.readouterr().out)}


def str_time(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def test_where_the_slos_stand(shop: Any, capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(shop, capsys, "healthy", "exhausted", "burning")
    healthy, exhausted, burning = found["healthy"], found["exhausted"], found["burning"]
    # 20 minutes of 10 %, 60 of 100 % and 30 of 20 % errors in 43,200 minutes.
    assert math.isclose(healthy["budget_remaining_ratio"], 1 - 2 / 43.2, abs_tol=2e-4)
    assert math.isclose(exhausted["budget_remaining_ratio"], 1 - 60 / 43.2, abs_tol=1e-3)
    assert math.isclose(burning["budget_remaining_ratio"], 1 - 6 / 43.2, abs_tol=1e-3)
    assert math.isclose(healthy["budget_remaining_minutes"], 41.2, abs_tol=0.01)
    assert exhausted["exhaustion_seconds"] == 0
    assert healthy["exhaustion_seconds"] is None
    # The 1h ratio is half of 20 %: 100 times the pace, so the rest lasts 0.86 % of 30 days.
    assert math.isclose(burning["burn_rates"]["1h"], 100, rel_tol=0.05)
    assert math.isclose(burning["exhaustion_seconds"], 22_320, rel_tol=0.05)
    assert [(b["short"], b["long"]) for b in burning["burns"] if b["burning"]] == [
        ("5m", "1h"),
        ("30m", "6h"),
        ("2h", "24h"),
    ]
    assert {row["source"] for row in found.values()} == {"computed"}


def test_what_nobody_measures_is_not_healthy(shop: Any, capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(shop, capsys, "idle", "absent")
    assert [
        (found[name]["telemetry"], found[name]["sli_ratio"], found[name]["budget_remaining_ratio"]) for name in found
    ] == [
        ("absent", None, None),
        ("idle", None, None),
    ]
    assert main(["status", str(shop.spec("idle", "absent")), "--prometheus", shop.url, "--at", str_time(shop.end)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "ABSENT: nothing counts requests now" in lines[1]
    assert "IDLE: no request in 30d" in lines[2]


@pytest.mark.parametrize("command", ["status", "gate"])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no Prometheus: expected --prometheus URL or PROMETHEUS_URL"),
        (["--prometheus", "http://127.0.0.1:9"], "http://127.0.0.1:9: no connection; expected a running Prometheus"),
    ],
)
def test_no_prometheus_is_one_line(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.delenv("PROMETHEUS_URL", raising=False)
    assert main([command, *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"slo {command}: {message}")


def test_recorded_series_are_read_where_the_rules_write_them(shop: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The 30d ratio is recorded, and says something else than the counters; the other windows are not."""
    row = rows(shop, capsys, "recorded")["recorded"]
    assert row["source"] == "recorded"
    assert math.isclose(row["budget_remaining_ratio"], 0.75)
    assert row["burn_rates"]["1h"] == 0


def test_a_calendar_period_counts_from_its_date(shop: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The period began five days ago, a day before the outage of an hour."""
    start = datetime.fromtimestamp(shop.end - 5 * 86_400, UTC)
    window = f"[{{duration: 28d, calendar: {{startTime: '{start:%Y-%m-%d %H:%M:%S}', timeZone: UTC}}}}]"
    rolling = "[{duration: 30d, isRolling: true}]"
    path = tmp_path / "calendar.yaml"
    path.write_text(shop.spec("exhausted").read_text().replace(rolling, window))
    assert main(["status", str(path), "--prometheus", shop.url, "--at", str_time(shop.end), "--output", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["period"] == "28d"
    assert math.isclose(row["sli_ratio"], 1 - 1 / 120, rel_tol=1e-4)


def test_few_requests_burn_nothing_where_a_guard_asks_for_more(shop: Any) -> None:
    (entry,) = load_guarded([shop.spec("burning")])
    policy = replace(
        entry.policy, pairs=tuple(replace(pair, guard=Guard(events=370_000)) for pair in entry.policy.pairs)
    )
    (found,) = standings([replace(entry, policy=policy)], Moment(Prometheus(shop.url), shop.end))
    assert (found.burns[0].long, found.burns[0].enough_events) == ("1h", False)
    assert [burn.long for burn in found.burns if burn.burning] == ["6h", "24h"]
