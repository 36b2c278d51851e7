"""Light records of what happens: times, attributes and who called whom, and nothing that could be done later.

A trace belongs to one root. When the root ends it is decided whether the trace is kept; only then does anybody make
spans of it. What ends after its root follows the root's fate.
"""

from collections.abc import Sequence
from contextvars import ContextVar
from random import Random, SystemRandom
from time import perf_counter, time_ns
from typing import Protocol

from opentelemetry.trace import SpanKind

from service.telemetry.aggregates import Counter, Histogram
from service.telemetry.sampling import Reason, Sampling

_DRAW = Random(SystemRandom().getrandbits(256)).getrandbits  # noqa: S311 - ids protect nothing


class Link:
    """Another span, which may be of another process; `sampled` says that its trace is kept."""

    __slots__ = ("sampled", "span_id", "trace_id")

    def __init__(self, trace_id: int, span_id: int, sampled: bool) -> None:
        self.trace_id, self.span_id, self.sampled = trace_id, span_id, sampled


class Span:
    """One operation. Times are those of `perf_counter`; `histogram` is where its duration was recorded."""

    __slots__ = (
        "attributes",
        "ended",
        "failed",
        "histogram",
        "kind",
        "links",
        "name",
        "parent",
        "span_id",
        "started",
        "trace",
    )

    def __init__(self, trace: "Trace", parent: "Span | None", name: str, kind: SpanKind) -> None:
        self.trace, self.parent, self.name, self.kind = trace, parent, name, kind
        self.span_id = _DRAW(64) or 1
        self.started = perf_counter()
        self.ended = 0.0
        self.attributes: dict[str, str | int | bool | float] = {}
        self.links: Sequence[Link] = ()
        self.failed = False
        self.histogram: Histogram | None = None


class Trace:
    """What belongs to one root; `started_ns` is unix time at the instant `started` of `perf_counter`."""

    __slots__ = ("kept", "reason", "root", "spans", "started", "started_ns", "trace_id")

    def __init__(self) -> None:
        self.trace_id = _DRAW(128) or 1
        self.started_ns, self.started = time_ns(), perf_counter()
        self.root: Span | None = None
        self.spans: list[Span] = []
        self.reason: Reason | None = None
        self.kept = False

    def unix_ns(self, instant: float) -> int:
        return self.started_ns + round((instant - self.started) * 1_000_000_000)


class Sink(Protocol):
    """Takes the spans of kept traces; never waits."""

    def take(self, spans: Sequence[Span]) -> None: ...


CURRENT: ContextVar[Span | None] = ContextVar("current_span", default=None)
"""The span in which the current task works."""


class Tracer:
    """Begins and ends spans, and decides about traces."""

    is_silent = False

    def __init__(self, sampling: Sampling, sink: Sink, decisions: Counter) -> None:
        self.sampling = sampling
        self._sink = sink
        self._decided = {reason: decisions.bound({"billing.trace.decision": reason.value}) for reason in Reason}

    def begin_root(self, name: str, kind: SpanKind, links: Sequence[Link] = ()) -> Span:
        """Begin a trace; a link to a kept trace keeps it as well."""
        trace = Trace()
        trace.root = span = Span(trace, None, name, kind)
        span.links = links
        trace.spans.append(span)
        return span

    def begin(self, name: str, kind: SpanKind) -> Span:
        """Begin a span below the current one, or a trace where there is none."""
        parent = CURRENT.get()
        if parent is None:
            return self.begin_root(name, kind)
        span = Span(parent.trace, parent, name, kind)
        parent.trace.spans.append(span)
        return span

    def share(self, original: Span, parent: Span) -> None:
        """Have the finished operation in the parent's trace as well: it was done for both together."""
        if parent.ended:
            return
        span = Span(parent.trace, parent, original.name, original.kind)
        span.started, span.ended, span.failed = original.started, original.ended, original.failed
        span.attributes = original.attributes
        span.links = (link_to(original),)
        parent.trace.spans.append(span)

    def draw_id(self) -> str:
        """An id such as a trace has, for what has no trace."""
        return f"{_DRAW(128):032x}"

    def end(self, span: Span) -> None:
        """End a span; with the root the trace is decided about."""
        span.ended = perf_counter()
        trace = span.trace
        if span is trace.root:
            self._decide(trace, span)
        elif trace.kept:
            self._keep((span,))

    def is_known_to_be_kept(self, span: Span) -> bool:
        """Whether the trace is kept whatever comes; a failure or slowness may keep it yet."""
        return span.trace.reason is not None or self.sampling.is_drawn(span.trace.trace_id)

    def _decide(self, trace: Trace, root: Span) -> None:
        reason = trace.reason = self._reason(trace, root)
        self._decided[reason].value += 1
        if reason is not Reason.NONE:
            trace.kept = True
            self._keep([span for span in trace.spans if span.ended])
        trace.root = None  # no cycles: what is not kept is gone at once, without the garbage collector
        trace.spans = []

    def _reason(self, trace: Trace, root: Span) -> Reason:
        if root.failed:
            return Reason.FAILED
        if root.ended - root.started > self.sampling.slow_seconds:
            return Reason.SLOW
        if trace.reason is not None:
            return trace.reason
        return Reason.SHARE if self.sampling.is_drawn(trace.trace_id) else Reason.NONE

    def _keep(self, spans: Sequence[Span]) -> None:
        for span in spans:
            if span.histogram is not None:
                seconds = span.ended - span.started
                span.histogram.exemplify(seconds, span.attributes, span.trace.trace_id, span.span_id)
        self._sink.take(spans)


def link_to(span: Span, sampled: bool = False) -> Link:
    return Link(span.trace.trace_id, span.span_id, sampled)
