"""Annotations of a board: the moments at which their series began."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dashboards_as_code.preview import colours
from dashboards_as_code.preview.answers import Answers
from dashboards_as_code.preview.series import Series, named
from dashboards_as_code.preview.sheet import Mark


def of_board(document: Mapping[str, Any], answers: Answers) -> tuple[Mark, ...]:
    """In order of time; what had begun before the span is left out."""
    annotations = document.get("annotations", {}).get("list", ())
    asked = (one for one in annotations if one.get("enable", True) and one.get("expr"))
    return tuple(sorted((mark for one in asked for mark in _marks(one, answers)), key=lambda mark: mark.at))


def _marks(annotation: Mapping[str, Any], answers: Answers) -> Iterator[Mark]:
    for series in answers.over_time(annotation["expr"]):
        forms = filter(None, (annotation.get(field) for field in ("titleFormat", "textFormat")))
        texts = (named(form, series.labels) for form in forms)
        text = ": ".join(dict.fromkeys((annotation["name"], *filter(None, texts))))
        for at in _beginnings(series, answers.span.step):
            if at > answers.span.start:
                yield Mark(at, text, colours.colour(annotation.get("iconColor", "blue")))


def _beginnings(series: Series, step: float) -> Iterator[float]:
    for run in series.runs(step):
        yield run[0][0]
