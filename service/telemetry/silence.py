"""Telemetry that notes nothing, for a process that is told to have none (`OTEL_SDK_DISABLED`)."""

from collections.abc import Sequence

from opentelemetry.trace import SpanKind

from service.telemetry.aggregates import Attributes, Counter, Gauge, Histogram, UpDownCounter
from service.telemetry.sampling import Sampling
from service.telemetry.spans import Link, Span, Trace, Tracer


class SilentCounter(Counter):
    def add(self, amount: float, attributes: Attributes | None = None) -> None:
        """Note nothing."""


class SilentUpDownCounter(UpDownCounter):
    def add(self, amount: float, attributes: Attributes | None = None) -> None:
        """Note nothing."""


class SilentGauge(Gauge):
    def set(self, amount: float, attributes: Attributes | None = None) -> None:
        """Note nothing."""


class SilentHistogram(Histogram):
    def record(self, amount: float, attributes: Attributes | None = None) -> None:
        """Note nothing."""


class NoSink:
    """Where nothing arrives."""

    def take(self, spans: Sequence[Span]) -> None:
        """Note nothing."""


class SilentTracer(Tracer):
    """Everything is in one span that never ends; its attributes are nobody's."""

    is_silent = True

    def __init__(self, decisions: Counter) -> None:
        super().__init__(Sampling(0.0, float("inf")), NoSink(), decisions)
        self._span = Span(Trace(), None, "", SpanKind.INTERNAL)

    def begin_root(self, name: str, kind: SpanKind, links: Sequence[Link] = ()) -> Span:  # noqa: ARG002
        return self._span

    def begin(self, name: str, kind: SpanKind) -> Span:  # noqa: ARG002
        return self._span

    def share(self, original: Span, parent: Span) -> None:
        """Note nothing."""

    def end(self, span: Span) -> None:
        """Note nothing."""
