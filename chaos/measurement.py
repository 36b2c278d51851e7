"""From a finished run to figures: collect what the witnesses wrote, date the marks, compare, judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from chaos import rollback_ledger, toolkit
from chaos.audit import Audit
from chaos.load_log import Request, read_requests
from chaos.observations import Observations, PrometheusReader, Span
from chaos.order import Order
from chaos.prediction import Prediction, Traffic, predict_page
from chaos.run_folder import RunFolder
from chaos.timeline import Timeline, Witnesses, timeline_of
from chaos.verdict import Evidence, Finding, LoadQuality, Verdict, judge
from chaos.warmth import Warmth


@dataclass(frozen=True)
class Scene:
    """A run whose load has ended, with its Prometheus still up; times in unix seconds."""

    order: Order
    folder: RunFolder
    reader: PrometheusReader
    began: float
    ended: float
    warm: Sequence[Warmth]
    quality: LoadQuality
    audit: Audit


@dataclass(frozen=True)
class Measurement:
    """A judged run, with everything that its report shows."""

    order: Order
    span: Span
    verdict: Verdict
    findings: Sequence[Finding]
    timeline: Timeline
    prediction: Prediction | None
    production_detection_seconds: float | None
    budget_spent_ratio: float
    failed_outside_fault: int
    observed: Observations
    requests: Sequence[Request]
    warm: Sequence[Warmth]
    quality: LoadQuality
    audit: Audit
    page: Mapping[str, Any] | None


def measure(scene: Scene) -> Measurement:
    """Date, compare and judge; LabError if Prometheus no longer answers."""
    order, folder = scene.order, scene.folder
    requests = read_requests(folder.load)
    events = dated_events(folder, order)
    fault, mitigated = _first(events, "fault_injected"), _first(events, "mitigated")
    span = Span(scene.began, scene.ended, fault, mitigated)
    observed = scene.reader.observe(order.slo, order.pair, order.policy.pairs, order.scale, span)
    contract = order.experiment.contract
    timeline = timeline_of(Witnesses(events, requests, observed, order.pace, contract.good_requests))
    prediction, production = _predictions(order, traffic_of(requests, contract.arrivals_per_second, timeline))
    evidence = Evidence(
        contract=contract,
        timeline=timeline,
        prediction=prediction,
        alerts=observed.alerts,
        journal=toolkit.read_journal(folder),
        load=scene.quality,
        audit=scene.audit,
        open_faults=len(rollback_ledger.open_entries(folder.rollbacks)),
    )
    verdict, findings = judge(evidence)
    pages = events.get("notified", [])
    return Measurement(
        order=order,
        span=span,
        verdict=verdict,
        findings=findings,
        timeline=timeline,
        prediction=prediction,
        production_detection_seconds=production,
        budget_spent_ratio=budget_spent_ratio(order, requests),
        failed_outside_fault=failed_outside_fault(requests, timeline),
        observed=observed,
        requests=requests,
        warm=scene.warm,
        quality=scene.quality,
        audit=scene.audit,
        page=pages[0] if pages else None,
    )


def dated_events(folder: RunFolder, order: Order) -> dict[str, list[dict[str, Any]]]:
    """The run's events by kind; the expected alert's notifications also as `notified` and `resolved`."""
    contract = order.experiment.contract
    wanted = {"alertname": contract.alert, "severity": contract.severity, "long_window": contract.long_window}
    names = {"firing": "notified", "resolved": "resolved"}
    events: dict[str, list[dict[str, Any]]] = {}
    for event in folder.recorded():
        events.setdefault(event["kind"], []).append(event)
        if event["kind"] == "notification" and wanted.items() <= event["labels"].items():
            events.setdefault(names[event["status"]], []).append(event)
    return events


def traffic_of(requests: Sequence[Request], arrivals_per_second: float, timeline: Timeline) -> Traffic | None:
    """How requests failed from the confirmed effect to the mitigation, as the clients saw it; None if none did."""
    begin, end = timeline.at("effect_confirmed"), timeline.at("mitigated")
    if begin is None:
        return None
    during = [one for one in requests if one.intended >= begin and (end is None or one.ended < end)]
    failed = [one for one in during if not one.ok]
    if not failed:
        return None
    return Traffic(arrivals_per_second, len(failed) / len(during), median(one.latency_seconds for one in failed))


def budget_spent_ratio(order: Order, requests: Sequence[Request]) -> float:
    """Failed requests over those that the objective allows in one (scaled) period of this traffic."""
    objective, rate = order.slo.objective, order.experiment.contract.arrivals_per_second
    allowed = float(objective.error_budget) * rate * objective.period.seconds / order.scale
    return sum(not one.ok for one in requests) / allowed


def failed_outside_fault(requests: Sequence[Request], timeline: Timeline) -> int:
    """Failures that the fault does not explain: answered before it, or sent after the service was back."""
    fault, back = timeline.at("fault_injected"), timeline.at("service_recovered")
    return sum(
        not one.ok and (fault is None or one.ended < fault or (back is not None and one.intended >= back))
        for one in requests
    )


def _predictions(order: Order, traffic: Traffic | None) -> tuple[Prediction | None, float | None]:
    """For the scale of the run, and the detection time (seconds) at scale 1; None where the pair never fires."""
    if traffic is None:
        return None, None
    scaled = predict_page(order.slo, order.pair, traffic, order.scale, order.pace)
    production = predict_page(order.slo, order.pair, traffic, 1, order.pace)
    return scaled, production.page_seconds if production else None


def _first(events: Mapping[str, Sequence[Mapping[str, Any]]], kind: str) -> float | None:
    found = events.get(kind)
    return float(found[0]["at"]) if found else None
