from dataclasses import replace
from typing import Any

import pytest

from chaos.audit import Audit
from chaos.observations import AlertSamples
from chaos.timeline import Mark, Timeline
from chaos.verdict import Evidence, LoadQuality, Verdict, failed_activities, judge


def broken(evidence: Evidence) -> tuple[Verdict, list[str]]:
    verdict, findings = judge(evidence)
    return verdict, [one.name for one in findings if not one.holds]


def without(timeline: Timeline, *names: str) -> Timeline:
    return Timeline(tuple(mark for mark in timeline.marks if mark.name not in names))


def moved(timeline: Timeline, name: str, seconds: float) -> Timeline:
    def move(mark: Mark) -> Mark:
        return replace(mark, at=mark.at + seconds) if mark.name == name else mark

    return Timeline(tuple(move(mark) for mark in timeline.marks))


def test_a_run_that_kept_every_promise_passes(evidence: Evidence) -> None:
    assert broken(evidence) == (Verdict.PASSED, [])


@pytest.mark.parametrize("mark", ["fault_injected", "effect_confirmed", "first_failure"])
def test_without_a_fault_that_is_seen_nothing_is_proven(evidence: Evidence, mark: str) -> None:
    verdict, _ = broken(replace(evidence, timeline=without(evidence.timeline, mark)))
    assert verdict is Verdict.INVALID


@pytest.mark.parametrize(
    "spoiled",
    [
        {"journal": None},
        {"load": None},
        {"load": LoadQuality(900, 1, 0.01)},
        {"load": LoadQuality(900, 0, 0.3)},
    ],
)
def test_a_run_without_journal_or_honest_load_is_invalid(evidence: Evidence, spoiled: dict[str, Any]) -> None:
    verdict, findings = broken(replace(evidence, **spoiled))
    assert verdict is Verdict.INVALID
    assert findings


def test_no_steady_state_before_the_fault_is_invalid(evidence: Evidence) -> None:
    journal = {**(evidence.journal or {}), "steady_states": {"before": {"steady_state_met": False}, "after": None}}
    assert broken(replace(evidence, journal=journal)) == (Verdict.INVALID, ["steady state before"])


def test_the_probe_that_broke_the_steady_state_is_named(evidence: Evidence) -> None:
    probes = [
        {"activity": {"name": "healthy"}, "tolerance_met": True},
        {"activity": {"name": "no alert fires"}, "tolerance_met": False},
    ]
    states = {"before": {"steady_state_met": False, "probes": probes}}
    _, findings = judge(replace(evidence, journal={**(evidence.journal or {}), "steady_states": states}))
    assert [one.detail for one in findings if one.name == "steady state before"] == ["not so: no alert fires"]


def test_an_action_that_raised_is_invalid_though_chaos_toolkit_completed(evidence: Evidence) -> None:
    run = {"activity": {"name": "hang"}, "status": "failed", "exception": ["Traceback", "ActivityFailed: no redis\n"]}
    journal = {**(evidence.journal or {}), "run": [run]}
    assert failed_activities(journal) == ["hang: ActivityFailed: no redis"]
    assert broken(replace(evidence, journal=journal))[0] is Verdict.INVALID


@pytest.mark.parametrize(
    ("mark", "finding"),
    [("notified", "page arrived"), ("resolved", "marks complete"), ("service_recovered", "recovered in time")],
)
def test_a_page_or_recovery_that_never_came_fails(evidence: Evidence, mark: str, finding: str) -> None:
    verdict, findings = broken(replace(evidence, timeline=without(evidence.timeline, mark)))
    assert verdict is Verdict.FAILED
    assert finding in findings


@pytest.mark.parametrize("seconds", [-3.0, 4.0])
def test_a_page_too_late_or_too_early_fails(evidence: Evidence, seconds: float) -> None:
    verdict, findings = broken(replace(evidence, timeline=moved(evidence.timeline, "notified", seconds)))
    assert verdict is Verdict.FAILED
    assert "detected in time" in findings


def test_any_other_alert_fails(evidence: Evidence) -> None:
    other = AlertSamples({"alertname": "ApiAvailabilityTelemetryAbsent", "severity": "page"}, (), (1.0,))
    assert broken(replace(evidence, alerts=(*evidence.alerts, other))) == (Verdict.FAILED, ["no other alert"])


def test_the_same_alert_of_another_window_is_another_alert(evidence: Evidence) -> None:
    other = replace(evidence.alerts[0], labels={**evidence.alerts[0].labels, "long_window": "6h"})
    assert broken(replace(evidence, alerts=(*evidence.alerts, other))) == (Verdict.FAILED, ["no other alert"])


@pytest.mark.parametrize(
    "audit", [None, Audit(5000, 1, 0, 0, 0), Audit(5000, 0, 1, 0, 0), Audit(5000, 0, 0, 0, 1), Audit(0, 0, 0, 0, 0)]
)
def test_a_ledger_that_is_not_clean_fails(evidence: Evidence, audit: Audit | None) -> None:
    assert broken(replace(evidence, audit=audit)) == (Verdict.FAILED, ["ledger audit"])


def test_events_counted_without_an_acknowledgement_are_allowed(evidence: Evidence) -> None:
    assert broken(replace(evidence, audit=Audit(5000, 0, 0, 12, 0)))[0] is Verdict.PASSED


def test_a_fault_left_open_fails(evidence: Evidence) -> None:
    assert broken(replace(evidence, open_faults=1)) == (Verdict.FAILED, ["faults undone"])


def test_slow_recovery_fails(evidence: Evidence) -> None:
    target = replace(evidence.contract, mttr_seconds=5.0)
    assert broken(replace(evidence, contract=target)) == (Verdict.FAILED, ["recovered in time"])


def test_exit_codes_are_the_documented_ones() -> None:
    assert [one.exit_code for one in (Verdict.PASSED, Verdict.FAILED, Verdict.INVALID)] == [0, 1, 3]
