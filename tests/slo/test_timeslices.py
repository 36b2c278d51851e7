"""`slo status` and `slo report` of what is budgeted by slices; `slo backtest` is in its own file."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from slo.__main__ import main

Heard = pytest.CaptureFixture[str]

DAY, MINUTE = 86_400, 60
METHODS = ("Timeslices", "RatioTimeslices")
# An hour without any good request, in bad minutes of 43,200. A slice is bad from 5 % of it on until 95 % of it are
# over, as far as counters that are read once a minute can tell.
SPENT = {"Timeslices": 60 + 4.5, "RatioTimeslices": 60}


def text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


@pytest.mark.parametrize("method", METHODS)
def test_status(shop: Any, capsys: Heard, method: str) -> None:
    path = shop.sliced(method, "exhausted", "idle")
    asked = [str(path), "--prometheus", shop.url, "--at", text(shop.end), "--output", "json"]
    assert main(["status", *asked]) == 0
    exhausted, idle = json.loads(capsys.readouterr().out)
    assert exhausted["budget_remaining_ratio"] == pytest.approx(1 - SPENT[method] / 43.2, abs=0.04)
    assert exhausted["history_ratio"] == pytest.approx(1, abs=0.01)
    # A slice without events is not counted.
    assert (idle["telemetry"], idle["sli_ratio"]) == ("idle", None)


@pytest.mark.parametrize("method", METHODS)
def test_report(shop: Any, tmp_path: Path, capsys: Heard, method: str) -> None:
    """What is counted are seconds: 432,000 of them in five days."""
    path = shop.sliced(method, "exhausted")
    span = ["--from", text(shop.end - 5 * DAY), "--to", text(shop.end), "--out", str(tmp_path / "report")]
    assert main(["report", str(path), "--prometheus", shop.url, *span, "--output", "json"]) == 0
    (account,) = json.loads(capsys.readouterr().out)
    assert account["requests"] == pytest.approx(5 * DAY, rel=0.001)
    assert account["errors"] == pytest.approx(SPENT[method] * MINUTE, abs=90)
    assert account["unit"] == "moments"
