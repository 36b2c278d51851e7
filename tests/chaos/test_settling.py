"""A run begins when nothing is pending any more, and in any case after a while."""

import asyncio
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from chaos import runner
from chaos.errors import LabError
from chaos.run_folder import RunFolder

PAGE = {"alertname": "TelemetryAbsent", "severity": "page"}
TICKET = {"alertname": "TelemetryAbsent", "severity": "ticket"}
PLAN: Any = SimpleNamespace(also=("TelemetryAbsent",))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SETTLED_SECONDS", 0.01)
    monkeypatch.setattr(runner, "_CHECK_SECONDS", 0.01)
    monkeypatch.setattr(runner, "_failed_lately", lambda _: 0)


def settle(folder: Path) -> None:
    asyncio.run(runner._settle(RunFolder(folder), "http://127.0.0.1:9", PLAN))


def test_a_run_begins_once_nothing_but_declared_tickets_is_pending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pending = [[TICKET, PAGE], [PAGE], [{"alertname": "Other", "severity": "ticket"}], [TICKET]]
    monkeypatch.setattr(runner, "active_alerts", lambda _: pending.pop(0))
    settle(tmp_path)
    assert pending == []


def test_an_alert_that_stays_is_left_to_the_experiment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "active_alerts", lambda _: [PAGE])
    monkeypatch.setattr(runner, "WARM_SECONDS", 0.2)
    began = time.monotonic()
    settle(tmp_path)
    assert 0.2 <= time.monotonic() - began < 5


def test_a_prometheus_that_says_nothing_ends_the_run_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: str) -> list[dict[str, str]]:
        raise requests.ConnectionError("refused")

    monkeypatch.setattr(runner, "active_alerts", refused)
    with pytest.raises(LabError, match="which alerts fire: refused"):
        settle(tmp_path)
