"""A real Alertmanager with the committed configuration: a page silences the ticket of its own SLO, and no other."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
import requests

from chaos.lab.programs import PROJECT, find


@pytest.fixture
def alerts_url(
    tmp_path: Path,
    free_address: Callable[[], str],
    start: Callable[[Sequence[str | Path], Mapping[str, str], str], None],
) -> str:
    address = free_address()
    argv = [
        find("alertmanager"),
        f"--config.file={PROJECT / 'collector' / 'alertmanager.yaml'}",
        f"--storage.path={tmp_path}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
        "--log.level=error",
    ]
    start(argv, {}, f"http://{address}/-/ready")
    return f"http://{address}/api/v2/alerts"


def alert(slo: str, severity: str) -> Mapping[str, Mapping[str, str]]:
    return {"labels": {"alertname": "ErrorBudgetBurn", "slo": slo, "service": "billing", "severity": severity}}


def states(url: str) -> dict[tuple[str, str], str]:
    listed = requests.get(url, timeout=5).json()
    return {(one["labels"]["slo"], one["labels"]["severity"]): one["status"]["state"] for one in listed}


def test_a_page_silences_the_ticket_of_its_own_slo(alerts_url: str) -> None:
    firing = [alert("availability", "page"), alert("availability", "ticket"), alert("latency", "ticket")]
    requests.post(alerts_url, json=firing, timeout=5).raise_for_status()
    expected = {
        ("availability", "page"): "active",
        ("availability", "ticket"): "suppressed",
        ("latency", "ticket"): "active",
    }
    deadline = time.monotonic() + 10
    while (seen := states(alerts_url)) != expected:
        assert time.monotonic() < deadline, f"expected {expected}, got {seen}"
        time.sleep(0.1)
