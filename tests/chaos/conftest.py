"""Evidence of a good run, for tests that spoil one thing at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chaos.audit import Audit
from chaos.experiment import load_experiment
from chaos.lab.configuration import intervals
from chaos.load_log import Request
from chaos.observations import AlertSamples, Observations
from chaos.prediction import Prediction
from chaos.timeline import Witnesses, timeline_of
from chaos.verdict import Evidence, LoadQuality

FAULT = 1_000_000.0
PAGE_LABELS = {"alertname": "ApiAvailabilityErrorBudgetBurn", "severity": "page", "long_window": "1h"}


def request_at(intended: float, *, ok: bool = True) -> Request:
    latency = 0.01 if ok else 1.0
    return Request("usage_report", intended, intended + latency, 200 if ok else 503, ok, 1)


@pytest.fixture
def witnesses() -> Witnesses:
    """A fault at FAULT, a page 12 s later, mitigation at 14 s, resolution at 75 s; ten requests a second."""
    requests = [request_at(FAULT + n / 10 + 0.05, ok=not 0 <= n < 140) for n in range(-100, 800)]
    observed = Observations(
        ratios={},
        threshold=0.0144,
        alerts=(AlertSamples(PAGE_LABELS, (), tuple(FAULT + 11.5 + n for n in range(60))),),
        sli_breached=FAULT + 3,
        alert_pending=FAULT + 11.5,
        alert_firing=FAULT + 11.5,
        sli_recovered=FAULT + 70,
    )
    events = {
        "fault_injected": [{"at": FAULT, "error_bar_seconds": 0.001}],
        "effect_confirmed": [{"at": FAULT + 0.02, "error_bar_seconds": 0.5}],
        "notified": [{"at": FAULT + 12.6}],
        "mitigated": [{"at": FAULT + 14.0}],
        "resolved": [{"at": FAULT + 75.0}],
    }
    return Witnesses(events, requests, observed, intervals(5), good_requests=20)


def journal() -> dict[str, Any]:
    met = {"steady_state_met": True}
    run = {"activity": {"name": "hang"}, "status": "succeeded", "output": True}
    return {"status": "completed", "steady_states": {"before": met, "after": met}, "run": [run], "rollbacks": [run]}


@pytest.fixture
def evidence(witnesses: Witnesses) -> Evidence:
    """Evidence of a run that passes."""
    bar = {"export": 1.0, "scrape": 1.0, "evaluation": 1.0, "group_wait": 1.0, "arrivals": 1.0}
    return Evidence(
        contract=load_experiment("redis-hang").contract,
        timeline=timeline_of(witnesses),
        prediction=Prediction(1.0, 1.0, 10.37, 59.1, 0.02, bar),
        alerts=witnesses.observed.alerts,
        journal=journal(),
        load=LoadQuality(900, 0, 0.01),
        audit=Audit(5000, 0, 0, 0, 0),
        open_faults=0,
    )


@pytest.fixture
def without_event(witnesses: Witnesses) -> Callable[[str], Witnesses]:
    """The same witnesses, one kind of event missing."""

    def drop(kind: str) -> Witnesses:
        return replace(witnesses, events={name: one for name, one in witnesses.events.items() if name != kind})

    return drop
