"""What a GameDay tells Prometheus: just what telemetry.yaml lists, before, during and after a fault."""

import json
import re
from pathlib import Path

import pytest

from chaos.exposition import REGISTRY, Exposition
from chaos.plan import Plan
from chaos.run_folder import RunFolder
from chaos.timeline import MARKS
from service.telemetry.registry import parse_registry, prometheus_labels, prometheus_names

PLAN = Plan("Page", "page", "1h", (), 2, page_seconds=30, mitigation_seconds=20, recovery_seconds=20, resolve_seconds=9)
_SAMPLE = re.compile(r"(\w+)\{(.*)\} (\S+)")


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "20260101T000000-redis-hang")
    folder.make()
    return folder


def shown(folder: RunFolder) -> dict[tuple[str, ...], float]:
    """Values by the metric's name and its labels' values."""
    found = {}
    for line in Exposition(folder).text().splitlines():
        series, labels, value = _SAMPLE.fullmatch(line).groups()
        found[(series, *re.findall(r'"([^"]*)"', labels))] = float(value)
    return found


def phase(samples: dict[tuple[str, ...], float]) -> list[str]:
    return [key[1] for key, value in samples.items() if key[0] == "gameday_run_phase" and value]


def notify(folder: RunFolder, at: float, alert: str = "Page") -> None:
    folder.record("notification", at, status="firing", labels={"alertname": alert})


def test_everything_that_the_list_promises_is_there_before_any_run(folder: RunFolder) -> None:
    lines = [_SAMPLE.fullmatch(line).groups() for line in Exposition(folder).text().splitlines()]
    written = {(series, tuple(re.findall(r'(\w+)="', labels))) for series, labels, _ in lines}

    metrics = parse_registry(REGISTRY.read_text()).metrics
    assert written == {(prometheus_names(each)[0], prometheus_labels(each)) for each in metrics}
    samples = shown(folder)
    assert phase(samples) == ["idle"]
    assert samples["gameday_history_duration_seconds", "mttd", "none"] == 0
    assert samples["gameday_alerts_expected", "ApiAvailabilityErrorBudgetBurn"] == 1


def test_the_list_knows_every_mark() -> None:
    (marks,) = parse_registry(REGISTRY.read_text()).metric("gameday.mark.offset").attributes

    assert marks.values == MARKS


def test_a_run_is_followed_from_the_fault_to_the_mitigation(folder: RunFolder) -> None:
    PLAN.write(folder.plan)
    folder.record("fault_injected", 100.0)
    notify(folder, 104.0, "SomebodyElse")
    assert phase(shown(folder)) == ["fault"]
    notify(folder, 109.0)
    assert phase(shown(folder)) == ["paged"]
    folder.record("mitigated", 112.5)
    samples = shown(folder)
    assert phase(samples) == ["mitigated"]
    assert samples["gameday_step_duration_seconds", "detect"] == 9
    assert samples["gameday_mark_offset_seconds", "mitigated"] == 12.5
    assert samples["gameday_mark_offset_seconds", "resolved"] == 0
    assert [samples["gameday_step_target_seconds", step] for step in ("detect", "mitigate", "recover")] == [30, 50, 70]


def test_earlier_runs_are_the_history(folder: RunFolder) -> None:
    earlier = folder.root.parent / "20250101T000000-redis-hang"
    earlier.mkdir()
    marks = {"fault_injected": "2025-01-01T00:00:00.000Z", "sli_breached": "2025-01-01T00:00:03.500Z"}
    (earlier / "result.json").write_text(json.dumps({"mttd_seconds": 8.5, "mttr_seconds": None, "marks": marks}))

    samples = shown(folder)
    assert samples["gameday_history_duration_seconds", "mttd", earlier.name] == 8.5
    assert ("gameday_history_duration_seconds", "mttr", earlier.name) not in samples
    assert samples["gameday_mark_offset_seconds", "sli_breached"] == 3.5
