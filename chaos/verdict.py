"""The verdict: first whether the run may be judged at all, then whether the promise was kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chaos.audit import Audit
from chaos.experiment import Contract
from chaos.observations import AlertSamples
from chaos.prediction import Prediction
from chaos.timeline import Timeline


class Verdict(StrEnum):
    """What the run says: the promise was kept, was broken, or nothing was shown."""

    PASSED = "passed"
    FAILED = "failed"
    INVALID = "invalid"

    @property
    def exit_code(self) -> int:
        return {"passed": 0, "failed": 1, "invalid": 3}[self.value]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, and what was found."""

    name: str
    holds: bool
    detail: str


@dataclass(frozen=True)
class LoadQuality:
    """How well the generator kept its schedule: a slow one would hide or invent outages."""

    arrivals: int
    dropped: int
    late_p99_seconds: float


@dataclass(frozen=True)
class Evidence:
    """Everything that the verdict rests on; a part that was never reached is None."""

    contract: Contract
    timeline: Timeline
    prediction: Prediction | None
    alerts: Sequence[AlertSamples]
    journal: dict[str, Any] | None
    load: LoadQuality | None
    audit: Audit | None
    open_faults: int


LATEST_SEND_SECONDS = 0.25
"""Above this, at p99, the generator itself was the bottleneck."""


def judge(evidence: Evidence) -> tuple[Verdict, list[Finding]]:
    """The verdict with every finding, the ones on validity first."""
    validity = validity_of(evidence)
    if not all(one.holds for one in validity):
        return Verdict.INVALID, validity
    kept = promises_of(evidence)
    verdict = Verdict.PASSED if all(one.holds for one in kept) else Verdict.FAILED
    return verdict, [*validity, *kept]


def validity_of(evidence: Evidence) -> list[Finding]:
    """Whether this run can say anything: an experiment that ran whole, a fault with an effect, an honest load."""
    timeline, load = evidence.timeline, evidence.load
    broken = failed_activities(evidence.journal)
    return [
        Finding("experiment ran", evidence.journal is not None and not broken, "; ".join(broken) or "every activity"),
        _steady_state(evidence.journal, "before"),
        Finding("fault injected", timeline.at("fault_injected") is not None, _when(timeline, "fault_injected")),
        Finding("effect confirmed", timeline.at("effect_confirmed") is not None, _when(timeline, "effect_confirmed")),
        Finding("clients failed", timeline.at("first_failure") is not None, _when(timeline, "first_failure")),
        Finding(
            "load kept its schedule",
            load is not None and load.dropped == 0 and load.late_p99_seconds <= LATEST_SEND_SECONDS,
            f"{load.arrivals} arrivals, {load.dropped} dropped, p99 {load.late_p99_seconds * 1000:.0f} ms late"
            if load
            else "the load wrote no summary",
        ),
    ]


def promises_of(evidence: Evidence) -> list[Finding]:
    """Whether the alert contract, the recovery and the ledger kept their promises."""
    contract, timeline = evidence.contract, evidence.timeline
    others = forbidden_alerts(evidence.alerts, contract)
    mttr, audit = timeline.mttr_seconds, evidence.audit
    return [
        Finding("page arrived", timeline.at("notified") is not None, _when(timeline, "notified")),
        _detection(timeline, evidence.prediction),
        Finding("no other alert", not others, "; ".join(others) or "none fired"),
        Finding("marks complete", not timeline.missing, "missing: " + (", ".join(timeline.missing) or "none")),
        Finding("marks in causal order", not timeline.out_of_order, "; ".join(timeline.out_of_order) or "all"),
        Finding(
            "recovered in time",
            mttr is not None and mttr <= contract.mttr_seconds,
            f"MTTR {_seconds(mttr)}, target {contract.mttr_seconds:g} s",
        ),
        _steady_state(evidence.journal, "after"),
        Finding("faults undone", evidence.open_faults == 0, f"{evidence.open_faults} open in the rollback ledger"),
        Finding("ledger audit", audit is not None and audit.is_clean, _audited(audit)),
    ]


def forbidden_alerts(alerts: Sequence[AlertSamples], contract: Contract) -> list[str]:
    """Alerts that fired though the contract does not name them."""
    wanted = (contract.alert, contract.severity, contract.long_window)
    return [
        f"{one.labels['alertname']} {one.labels.get('severity', '')} {one.labels.get('long_window', '')}".strip()
        for one in alerts
        if one.firing
        and one.labels["alertname"] not in contract.also
        and (one.labels["alertname"], one.labels.get("severity"), one.labels.get("long_window")) != wanted
    ]


def failed_activities(journal: dict[str, Any] | None) -> list[str]:
    """Actions and probes that raised: Chaos Toolkit itself calls such an experiment completed."""
    if journal is None:
        return ["no journal was written"]
    runs = [*journal.get("run", []), *journal.get("rollbacks", [])]
    return [
        f"{run['activity']['name']}: {(run.get('exception') or ['failed'])[-1].strip()}"
        for run in runs
        if run["status"] != "succeeded"
    ]


def _detection(timeline: Timeline, prediction: Prediction | None) -> Finding:
    """Late beyond the error bar breaks the promise; early beyond it means that the windows were not full."""
    measured = timeline.mttd_seconds
    if measured is None or prediction is None:
        return Finding("detected in time", False, "nothing to compare")
    return Finding(
        "detected in time",
        prediction.earliest_seconds <= measured <= prediction.latest_seconds,
        f"MTTD {measured:.2f} s, predicted {prediction.page_seconds:.2f} s, "
        f"accepted {prediction.earliest_seconds:.2f} to {prediction.latest_seconds:.2f} s",
    )


def _steady_state(journal: dict[str, Any] | None, when: str) -> Finding:
    """Whether the hypothesis held before or after the method, and which probe did not."""
    state = ((journal or {}).get("steady_states") or {}).get(when) or {}
    unmet = [one["activity"]["name"] for one in state.get("probes", []) if not one.get("tolerance_met")]
    holds = bool(state.get("steady_state_met"))
    detail = "every probe of the hypothesis" if holds else f"not so: {', '.join(unmet) or 'never looked'}"
    return Finding(f"steady state {when}", holds, detail)


def _when(timeline: Timeline, name: str) -> str:
    return next((mark.text for mark in timeline.marks if mark.name == name), "never")


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.2f} s"


def _audited(audit: Audit | None) -> str:
    if audit is None:
        return "not made"
    return (
        f"{audit.acknowledged} acknowledged, {audit.lost} lost, {audit.doubled} doubled, "
        f"{audit.counter_mismatches} counters off"
    )
