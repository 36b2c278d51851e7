"""One document, kept apart by region: each region stands, burns and is judged by itself."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from slo.__main__ import main

Heard = pytest.CaptureFixture[str]


def ask(shop: Any, command: str, *more: str) -> int:
    return main([command, str(shop.regional()), "--prometheus", shop.url, *more])


def text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def test_status(shop: Any, capsys: Heard) -> None:
    assert ask(shop, "status", "--at", text(shop.end), "--output", "json") == 0
    eu, us = json.loads(capsys.readouterr().out)
    assert (eu["group"], us["group"]) == ("region=eu", "region=us")
    assert eu["budget_remaining_ratio"] == 1
    assert us["budget_remaining_ratio"] < 1
    # Thirty of 720 hours.
    assert eu["history_ratio"] == pytest.approx(30 / 720, abs=0.01)
    assert not any(burn["burning"] for burn in eu["burns"])
    assert us["burns"][0]["burning"]
    assert ask(shop, "status", "--at", text(shop.end)) == 0
    assert "history 4% of 30d" in capsys.readouterr().out


def test_gate(shop: Any, capsys: Heard, tmp_path: Path) -> None:
    assert ask(shop, "gate", "--at", text(shop.end), "--audit", str(tmp_path / "audit.jsonl")) == 1
    eu, us, verdict = capsys.readouterr().out.splitlines()
    assert eu == "pass       regional {region=eu}: budget and burn rates are fine"
    assert us.startswith("block      regional {region=us}: ")
    assert verdict.startswith("decision=block blocking=1 ")


def test_backtest(shop: Any, capsys: Heard) -> None:
    span = ("--from", text(shop.end - 7_200), "--to", text(shop.end))
    assert ask(shop, "backtest", *span, "--output", "json") == 0
    (outcome,) = json.loads(capsys.readouterr().out)
    assert {firing["group"] for firing in outcome["firings"]} == {"region=us"}
    (page, *_) = outcome["notices"]
    # 14.4 % of an hour at 10 % errors.
    assert page["start"] - (shop.end - 900) == pytest.approx(518.4, abs=60)


def test_report(shop: Any, capsys: Heard, tmp_path: Path) -> None:
    span = ("--from", text(shop.end - 30 * 3_600), "--to", text(shop.end))
    assert ask(shop, "report", *span, "--out", str(tmp_path), "--output", "json") == 0
    eu, us = json.loads(capsys.readouterr().out)
    assert (eu["errors"], us["errors"]) == (0, pytest.approx(9_000, rel=0.05))
    assert {path.name for path in tmp_path.glob("*.png")} == {"regional-region-eu.png", "regional-region-us.png"}
