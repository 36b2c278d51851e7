"""What a GameDay tells Prometheus about itself: its phase, marks, targets, and the runs before it (telemetry.yaml)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from chaos.experiment import available, load_experiment
from chaos.load_log import first_of_good, read_requests
from chaos.plan import Plan
from chaos.run_folder import RunFolder
from chaos.timeline import MARKS
from service.telemetry.registry import Registry, parse_registry, prometheus_labels, prometheus_names

REGISTRY = Path(__file__).with_name("telemetry.yaml")
_PHASES = {"fault_injected": "fault", "notified": "paged", "mitigated": "mitigated", "service_recovered": "recovered"}
_STEPS = {"detect": "notified", "mitigate": "mitigated", "recover": "service_recovered"}
_FIGURES = {"mttd": "mttd_seconds", "mttr": "mttr_seconds"}
_SHOWN_RUNS = 10

Sample = tuple[str, tuple[str, ...], float]


@dataclass
class Exposition:
    """The metrics of the run in `folder`; `runs` is where earlier ones lie, beside it by default."""

    folder: RunFolder
    runs: Path | None = None
    _recovered: float | None = field(default=None, init=False)

    def text(self) -> str:
        """Prometheus's text format."""
        registry = parse_registry(REGISTRY.read_text())
        return "".join(_line(registry, *sample) for sample in self._samples())

    def _samples(self) -> Iterator[Sample]:
        results, marks = self._results(), self._marks()
        yield from _phases(marks)
        shown = _offsets(marks) or next((_told(result) for _, result in results[::-1]), {})
        yield from (("gameday.mark.offset", (mark,), shown.get(mark, 0.0)) for mark in MARKS)
        reached = _offsets(marks)
        yield from (("gameday.step.duration", (step,), reached.get(mark, 0.0)) for step, mark in _STEPS.items())
        yield from (("gameday.step.target", (step,), seconds) for step, seconds in self._targets().items())
        yield from _history(results)
        yield from (("gameday.alerts.expected", (name,), 1.0) for name in _expected())

    def _marks(self) -> dict[str, float]:
        """The marks that somebody has noted so far, in unix seconds."""
        marks: dict[str, float] = {}
        for event in self.folder.recorded():
            marks.setdefault(_mark_of(event, self._alert), event["at"])
        found = {mark: marks[mark] for mark in MARKS if mark in marks}
        if "fault_injected" in found and (back := self._back(found)) is not None:
            found["service_recovered"] = back
        return found

    def _back(self, marks: Mapping[str, float]) -> float | None:
        """When the service was back, by what the clients wrote; read no more once it is known."""
        if self._recovered is None and "mitigated" in marks and (plan := self._plan):
            good = first_of_good(read_requests(self.folder.load), marks["mitigated"], plan.good_requests)
            self._recovered = good.intended if good else None
        return self._recovered

    @property
    def _plan(self) -> Plan | None:
        return Plan.read(self.folder.plan) if self.folder.plan.is_file() else None

    @property
    def _alert(self) -> str | None:
        return plan.alert if (plan := self._plan) else None

    def _targets(self) -> dict[str, float]:
        if (plan := self._plan) is None:
            return dict.fromkeys(_STEPS, 0.0)
        detected = plan.page_seconds
        mitigated = detected + plan.mitigation_seconds
        return {"detect": detected, "mitigate": mitigated, "recover": mitigated + plan.recovery_seconds}

    def _results(self) -> list[tuple[str, dict[str, Any]]]:
        """The last runs that came to an end, oldest first."""
        own = self.folder.root.resolve()
        paths = sorted((self.runs or own.parent).glob("*-*/result.json"))[-_SHOWN_RUNS:]
        return [(path.parent.name, json.loads(path.read_text())) for path in paths if path.parent.resolve() != own]


def _mark_of(event: Mapping[str, Any], alert: str | None) -> str:
    if event["kind"] != "notification":
        return str(event["kind"])
    if event["labels"].get("alertname") != alert:
        return ""
    return {"firing": "notified", "resolved": "resolved"}.get(event["status"], "")


def _phases(marks: Mapping[str, float]) -> Iterator[Sample]:
    reached = [phase for mark, phase in _PHASES.items() if mark in marks]
    now = reached[-1] if reached else "idle"
    yield from (("gameday.run.phase", (phase,), float(phase == now)) for phase in ("idle", *_PHASES.values()))


def _offsets(marks: Mapping[str, float]) -> dict[str, float]:
    """Seconds from the fault to each mark; none before it."""
    fault = marks.get("fault_injected")
    return {} if fault is None else {mark: at - fault for mark, at in marks.items()}


def _told(result: Mapping[str, Any]) -> dict[str, float]:
    return _offsets({mark: datetime.fromisoformat(at).timestamp() for mark, at in result["marks"].items()})


def _history(results: list[tuple[str, dict[str, Any]]]) -> Iterator[Sample]:
    known = [
        ("gameday.history.duration", (figure, run), float(result[key]))
        for run, result in results
        for figure, key in _FIGURES.items()
        if result.get(key) is not None
    ]
    yield from known or [("gameday.history.duration", (figure, "none"), 0.0) for figure in _FIGURES]


def _expected() -> list[str]:
    contracts = [load_experiment(name).contract for name in available()]
    return sorted({alert for contract in contracts for alert in (contract.alert, *contract.also)})


def _line(registry: Registry, name: str, values: tuple[str, ...], amount: float) -> str:
    metric = registry.metric(name)
    (series,) = prometheus_names(metric)
    labels = ",".join(f'{key}="{value}"' for key, value in zip(prometheus_labels(metric), values, strict=True))
    return f"{series}{{{labels}}} {amount:.3f}\n"
