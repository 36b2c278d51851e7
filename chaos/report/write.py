"""Write `report.html`, `report.md` and the picture beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from chaos.measurement import Measurement
from chaos.report.picture import draw, svg
from chaos.run_folder import RunFolder

_PICTURE_DPI = 110


def write_report(folder: RunFolder, measurement: Measurement, result: dict[str, Any]) -> Path:
    """The path of the HTML page, which embeds the picture and loads nothing."""
    figure = draw(measurement)
    figure.savefig(folder.root / "timeline.png", dpi=_PICTURE_DPI)
    known = _known(measurement, result)
    page = folder.root / "report.html"
    templates = _templates()
    page.write_text(templates.get_template("page.html.jinja").render(**known, picture=svg(figure)))
    (folder.root / "report.md").write_text(templates.get_template("report.md.jinja").render(**known))
    return page


def _known(measurement: Measurement, result: dict[str, Any]) -> dict[str, Any]:
    order, prediction = measurement.order, measurement.prediction
    fault = measurement.timeline.at("fault_injected")
    marks = [
        {**vars(mark), "text": mark.text, "since": None if fault is None else mark.at - fault}
        for mark in measurement.timeline.marks
    ]
    return {
        "result": result,
        "title": order.experiment.title,
        "description": order.experiment.document.get("description", ""),
        "marks": marks,
        "mttr_target_seconds": order.experiment.contract.mttr_seconds,
        "period": order.slo.objective.period.text,
        "objective": order.slo.objective.target,
        "long_window": order.pair.long.text,
        "burn_rate": order.pair.burn_rate,
        "error_ratio": prediction.error_ratio if prediction else None,
        "page": measurement.page,
    }


def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(enabled_extensions=("html.jinja",)),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["seconds"] = _seconds
    return environment


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.2f} s"
