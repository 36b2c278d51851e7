"""Thirty days of traffic for a Prometheus that has just been born.

Long windows behave as in production only if they are full. Before Prometheus starts, promtool turns the history made
here into storage blocks: raw counters (fine for the windows that rules read raw, coarse for the rest of the period)
and the recorded series that the long windows sum. With scale k everything is k times shorter.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from chaos.errors import LabError

_PROMTOOL_SECONDS = 120


@dataclass(frozen=True)
class RawSeries:
    """A counter: its name, its labels and its increase in 1/s."""

    name: str
    labels: Mapping[str, str]
    rate: float


@dataclass(frozen=True)
class RecordedSeries:
    """A gauge of constant value, written each `step_seconds` over the last `span_seconds`."""

    name: str
    labels: Mapping[str, str]
    value: float
    step_seconds: float
    span_seconds: float


@dataclass(frozen=True)
class History:
    """What to seed. Spans and steps in (scaled) seconds; every series ends at `end`, in unix seconds."""

    end: float
    period_seconds: float
    fine_seconds: float
    fine_step_seconds: float
    coarse_step_seconds: float
    raw: tuple[RawSeries, ...]
    recorded: tuple[RecordedSeries, ...]

    def open_metrics(self) -> Iterator[str]:
        """The history as OpenMetrics text, line by line."""
        for name in dict.fromkeys(one.name for one in self.raw):
            yield f"# TYPE {name} unknown\n"
            for one in self.raw:
                if one.name == name:
                    yield from self._raw_lines(one)
        for name in dict.fromkeys(one.name for one in self.recorded):
            yield f"# TYPE {name} gauge\n"
            for recorded in self.recorded:
                if recorded.name == name:
                    yield from self._recorded_lines(recorded)
        yield "# EOF\n"

    def _raw_lines(self, series: RawSeries) -> Iterator[str]:
        head = series.name + _labels(series.labels)
        start = self.end - self.period_seconds
        coarse = _steps(start, self.end - self.fine_seconds, self.coarse_step_seconds)
        fine = _steps(self.end - self.fine_seconds, self.end, self.fine_step_seconds)
        for at in (*coarse, *fine):
            yield f"{head} {(at - start) * series.rate:.3f} {at:.3f}\n"

    def _recorded_lines(self, series: RecordedSeries) -> Iterator[str]:
        head = series.name + _labels(series.labels)
        for at in _steps(self.end - series.span_seconds, self.end, series.step_seconds):
            yield f"{head} {series.value:.6f} {at:.3f}\n"


def seed(history: History, promtool: Path, text: Path, blocks: Path) -> None:
    """Write the history as Prometheus blocks into `blocks`; LabError with promtool's words if it refuses."""
    with text.open("w") as file:
        file.writelines(history.open_metrics())
    options = ["tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=72h"]
    command = [str(promtool), *options, str(text), str(blocks)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PROMTOOL_SECONDS)
    if done.returncode != 0:
        raise LabError(f"promtool could not seed the history: {done.stderr.strip()[-300:]}")
    text.unlink()


def _labels(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in sorted(labels.items())) + "}"


def _steps(start: float, end: float, step: float) -> Iterator[float]:
    """Equal steps in (start, end], counted from the end so that the last one is exact."""
    count = int((end - start) / step)
    for index in range(count - 1, -1, -1):
        yield end - index * step
