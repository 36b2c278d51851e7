"""A real Alertmanager with either committed configuration: a page silences the ticket of its own SLO, and no other."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from chaos.lab.programs import PROJECT, find
from slo import names

LAB = PROJECT / "collector" / "alertmanager.yaml"
DEPLOYED = PROJECT / "deploy" / "alertmanager" / "alertmanager.yaml"


@pytest.fixture(params=[LAB, DEPLOYED], ids=["lab", "deployed"])
def alerts_url(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    free_address: Callable[[], str],
    start: Callable[[Sequence[str | Path], Mapping[str, str], str], None],
) -> str:
    address = free_address()
    argv: list[str | Path] = [
        find("alertmanager"),
        f"--config.file={request.param}",
        f"--storage.path={tmp_path}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
        "--log.level=error",
    ]
    start(argv, {}, f"http://{address}/-/ready")
    return f"http://{address}/api/v2/alerts"


def alert(severity: str, **labels: str) -> Mapping[str, Mapping[str, str]]:
    return {"labels": {"alertname": "ErrorBudgetBurn", "service": "billing", "severity": severity, **labels}}


def settled(url: str, firing: Sequence[Mapping[str, Any]], label: str, expected: Mapping[tuple[str, str], str]) -> None:
    """Fire; wait until the states are the expected ones, by the value of a label and the severity."""
    requests.post(url, json=firing, timeout=5).raise_for_status()
    deadline = time.monotonic() + 10
    while (seen := _states(url, label)) != expected:
        assert time.monotonic() < deadline, f"expected {expected}, got {seen}"
        time.sleep(0.1)


def _states(url: str, label: str) -> dict[tuple[str, str], str]:
    listed = requests.get(url, timeout=5).json()
    return {(one["labels"].get(label, ""), one["labels"]["severity"]): one["status"]["state"] for one in listed}


@pytest.mark.parametrize("label", ["slo", "slo_group", "component"])
def test_a_page_silences_the_ticket_of_its_own_slo_group_and_part(alerts_url: str, label: str) -> None:
    one, other = {label: "one"}, {label: "other"}
    firing = [alert("page", **one), alert("ticket", **one), alert("ticket", **other)]
    expected = {("one", "page"): "active", ("one", "ticket"): "suppressed", ("other", "ticket"): "active"}
    settled(alerts_url, firing, label, expected)


def test_both_group_and_silence_by_the_same_labels() -> None:
    lab, deployed = (yaml.safe_load(path.read_text()) for path in (LAB, DEPLOYED))
    identity = {names.SLO, names.SERVICE, names.GROUP, "component"}
    for document in (lab, deployed):
        assert set(document["route"]["group_by"]) == identity | {names.SEVERITY}
        assert set(document["inhibit_rules"][0]["equal"]) == identity
    assert lab["inhibit_rules"][0] == deployed["inhibit_rules"][0]
    assert lab["route"]["group_by"] == deployed["route"]["group_by"]
