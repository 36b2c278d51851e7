"""The ground of a chart: grid, axes and marks, as SVG."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

from dashboards_as_code.preview import axes, units
from dashboards_as_code.preview.axes import Scale
from dashboards_as_code.preview.series import Exemplar
from dashboards_as_code.preview.sheet import Mark, Sheet

_TOP, _BOTTOM, _RIGHT = 8, 24, 8
_LETTER_PIXELS = 6.2
_TIME_PIXELS = 90


@dataclass(frozen=True)
class Chart:
    """Pixels of a drawing: `x` of a moment, `y` of a value."""

    sheet: Sheet
    x: Scale
    y: Scale

    @classmethod
    def of(cls, sheet: Sheet, low: float, high: float, labels: Iterable[str] | None = None) -> Chart:
        """A chart with room for the labels of its y axis, those of the ticks where none are given."""
        texts = labels if labels is not None else [units.formatted(at, sheet.unit) for at in _ticks(sheet, low, high)]
        left = 12 + _LETTER_PIXELS * max(map(len, texts), default=0)
        x = Scale(sheet.span.start, sheet.span.end, left, sheet.width - _RIGHT)
        return cls(sheet, x, Scale(low, high, sheet.height - _BOTTOM, _TOP))

    def svg(self, *layers: Iterable[str]) -> str:
        """The drawing with the time axis below and the marks above everything."""
        parts = [*self._times(), *(part for layer in layers for part in layer), *self._marks()]
        size = f'width="{self.sheet.width}" height="{self.sheet.height}"'
        return f'<svg {size} role="img">{"".join(parts)}</svg>'

    def value_grid(self) -> Iterator[str]:
        """A line and a label for each tick of the y axis."""
        for tick in _ticks(self.sheet, self.y.low, self.y.high):
            y = self.y(tick)
            yield f'<line class="grid" x1="{self.x.first:.0f}" x2="{self.x.last:.0f}" y1="{y}" y2="{y}"/>'
            yield self.label(y, units.formatted(tick, self.sheet.unit))

    def label(self, y: float, text: str) -> str:
        """A label of the y axis."""
        return f'<text class="axis" text-anchor="end" x="{self.x.first - 6:.0f}" y="{y + 4:.1f}">{escape(text)}</text>'

    def dot(self, case: Exemplar, y: float) -> str:
        """A single case, with what leads to its trace."""
        tip = escape(f"{units.formatted(case.value, self.sheet.unit)}: {case.text}")
        return f'<circle class="case" cx="{self.x(case.at)}" cy="{y}" r="2.5"><title>{tip}</title></circle>'

    def _times(self) -> Iterator[str]:
        count = max(2, int((self.x.last - self.x.first) / _TIME_PIXELS))
        for at, text in axes.time_ticks(self.sheet.span.start, self.sheet.span.end, count):
            x = self.x(at)
            yield f'<line class="grid" x1="{x}" x2="{x}" y1="{self.y.last:.0f}" y2="{self.y.first:.0f}"/>'
            yield f'<text class="axis" text-anchor="middle" x="{x}" y="{self.sheet.height - 4}">{text}</text>'

    def _marks(self) -> Iterator[str]:
        for mark in self.sheet.marks:
            yield self._mark(mark)

    def _mark(self, mark: Mark) -> str:
        x, bottom = self.x(mark.at), self.y.first
        line = f'<line class="mark" stroke="{mark.colour}" x1="{x}" x2="{x}" y1="{_TOP}" y2="{bottom:.0f}"/>'
        foot = f'<path fill="{mark.colour}" d="M{x - 4},{bottom + 5:.0f}h8l-4,-5z"/>'
        return f"<g><title>{escape(mark.text)}</title>{line}{foot}</g>"


def _ticks(sheet: Sheet, low: float, high: float) -> list[float]:
    return axes.ticks(low, high, sheet.unit)
