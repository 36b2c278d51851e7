"""`result.json` and the closing summary of a run."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from chaos.measurement import Measurement
from chaos.run_folder import RunFolder
from chaos.timeline import Mark
from chaos.verdict import Verdict


def write_result(folder: RunFolder, measurement: Measurement) -> dict[str, Any]:
    """Write `result.json`; times RFC 3339 in UTC, durations in seconds, null for what never happened."""
    document = document_of(measurement)
    folder.result.write_text(json.dumps(document, indent=2) + "\n")
    return document


def write_invalid(folder: RunFolder, experiment: str, scale: int, reason: str) -> None:
    """Write `result.json` for a run that broke off before it could be measured: nothing is known but the reason."""
    unknown = (
        "mttd_seconds",
        "mttr_seconds",
        "predicted_detection_seconds",
        "error_bar_seconds",
        "budget_spent_ratio",
        "audit",
    )
    known = {"experiment": experiment, "verdict": str(Verdict.INVALID), "scale": scale, "reason": reason, "marks": {}}
    folder.result.write_text(json.dumps(known | dict.fromkeys(unknown), indent=2) + "\n")


def document_of(measurement: Measurement) -> dict[str, Any]:
    """The result as plain data."""
    timeline, prediction = measurement.timeline, measurement.prediction
    return {
        "experiment": measurement.order.experiment.name,
        "slo": measurement.order.slo.name,
        "verdict": str(measurement.verdict),
        "scale": measurement.order.scale,
        "seed": measurement.order.seed,
        "marks": {mark.name: mark.text for mark in timeline.marks},
        "mark_details": {mark.name: _mark(mark) for mark in timeline.marks},
        "mttd_seconds": _rounded(timeline.mttd_seconds),
        "mttr_seconds": _rounded(timeline.mttr_seconds),
        "recoveries_seconds": recoveries(measurement),
        "predicted_detection_seconds": _rounded(prediction.page_seconds if prediction else None),
        "error_bar_seconds": _rounded(prediction.error_bar_seconds if prediction else None),
        "prediction": asdict(prediction) if prediction else None,
        "derived_at_scale_1": {"predicted_detection_seconds": _rounded(measurement.production_detection_seconds)},
        "budget_spent_ratio": _rounded(measurement.budget_spent_ratio),
        "failed_outside_fault": measurement.failed_outside_fault,
        "audit": asdict(measurement.audit),
        "load": asdict(measurement.quality),
        "warm_windows": {one.window: _rounded(one.coverage_ratio) for one in measurement.warm},
        "findings": [asdict(finding) for finding in measurement.findings],
    }


def recoveries(measurement: Measurement) -> dict[str, float | None]:
    """The three recoveries, each in seconds from the fault."""
    ends = {"service": "service_recovered", "sli": "sli_recovered", "alert": "resolved"}
    return {name: _rounded(measurement.timeline.between("fault_injected", end)) for name, end in ends.items()}


def summary_of(measurement: Measurement, report: str) -> list[str]:
    """Six lines for the terminal."""
    timeline, prediction, audit = measurement.timeline, measurement.prediction, measurement.audit
    order = measurement.order
    broken = [finding for finding in measurement.findings if not finding.holds]
    because = f": {broken[0].name}: {broken[0].detail}" if broken else ""
    back = recoveries(measurement)
    predicted = (
        f"predicted {prediction.page_seconds:.1f} s + at most {prediction.error_bar_seconds:.1f} s"
        if prediction
        else "nothing to compare with"
    )
    return [
        f"verdict  {measurement.verdict}{because}",
        f"MTTD     {_text(timeline.mttd_seconds)} ({predicted}; scaled k={order.scale})",
        f"MTTR     {_text(timeline.mttr_seconds)} (target {order.experiment.contract.mttr_seconds:g} s; "
        f"SLI back after {_text(back['sli'])}, alert resolved after {_text(back['alert'])})",
        f"budget   {measurement.budget_spent_ratio:.2%} of the {order.slo.objective.period} error budget spent",
        f"ledger   {audit.acknowledged} events acknowledged, {audit.lost} lost, {audit.doubled} doubled",
        f"report   {report}",
    ]


def _mark(mark: Mark) -> dict[str, Any]:
    return {"at": mark.text, "error_bar_seconds": _rounded(mark.error_bar_seconds), "source": mark.source}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _text(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.1f} s"
