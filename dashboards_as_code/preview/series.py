"""What Prometheus answered: named series without the samples that are no numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_PLACEHOLDER = re.compile(r"\{\{\s*([\w:]+)\s*\}\}")
_NAME = "__name__"


@dataclass(frozen=True)
class Series:
    """One line of a panel; `points` are pairs of unix seconds and value, in order of time."""

    name: str
    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]

    @property
    def values(self) -> tuple[float, ...]:
        return tuple(value for _, value in self.points)

    @property
    def last(self) -> float:
        return self.points[-1][1]

    def runs(self, step: float) -> Iterator[tuple[tuple[float, float], ...]]:
        """The points in pieces without a gap; a sample that is missing is not drawn over."""
        piece: list[tuple[float, float]] = []
        for point in self.points:
            if piece and point[0] - piece[-1][0] > 1.5 * step:
                yield tuple(piece)
                piece = []
            piece.append(point)
        if piece:
            yield tuple(piece)


@dataclass(frozen=True)
class Exemplar:
    """One case of many: when it was (unix seconds), its value, and the labels that lead to its trace."""

    at: float
    value: float
    labels: Mapping[str, str]

    @property
    def text(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in sorted(self.labels.items()))


def exemplars_in(result: Iterable[Mapping[str, Any]]) -> list[Exemplar]:
    """Exemplars of Prometheus's answer, in order of time."""
    found = (one for series in result for one in series["exemplars"])
    cases = (Exemplar(float(one["timestamp"]), float(one["value"]), one["labels"]) for one in found)
    return sorted(cases, key=lambda one: one.at)


def read(result: Iterable[Mapping[str, Any]], legend: str) -> list[Series]:
    """Series of Prometheus's answer, vector or matrix; one without a number is none."""
    found = []
    for one in result:
        labels = dict(one["metric"])
        samples = one["values"] if "values" in one else [one["value"]]
        points = tuple((float(at), float(text)) for at, text in samples)
        numbers = tuple(point for point in points if math.isfinite(point[1]))
        if numbers:
            found.append(Series(named(legend, labels), labels, numbers))
    return found


def named(legend: str, labels: Mapping[str, str]) -> str:
    """The legend with its placeholders filled; all labels where there is no legend."""
    if legend and legend != "__auto":
        return _PLACEHOLDER.sub(lambda found: labels.get(found[1], ""), legend)
    pairs = ", ".join(f"{name}={value}" for name, value in sorted(labels.items()) if name != _NAME)
    return pairs or labels.get(_NAME, "value")
