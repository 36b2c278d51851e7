"""Spans around requests and around calls to the ledger and to Stripe, and trace contexts as text."""

import re
from collections.abc import Mapping, Sequence
from types import TracebackType

from opentelemetry.trace import SpanKind

from service.telemetry.aggregates import Histogram
from service.telemetry.sampling import Reason
from service.telemetry.spans import CURRENT, Link, Span, Tracer

Attributes = dict[str, str | int | bool | float]

_CONTEXT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
_NO_LINKS: tuple[Link, ...] = ()
_SAMPLED = 1


def caller_links(headers: Mapping[str, str]) -> Sequence[Link]:
    """Link to the caller's span if `traceparent` names one: a stranger's trace is never our parent, nor keeps ours."""
    text = headers.get("traceparent")
    if text is None:
        return _NO_LINKS
    link = read_context(text)
    return _NO_LINKS if link is None else (Link(link.trace_id, link.span_id, sampled=False),)


def read_context(text: str) -> Link | None:
    """The span that a W3C trace context names; None for anything else."""
    found = _CONTEXT.match(text)
    if found is None:
        return None
    trace_id, span_id, flags = found.groups()
    return Link(int(trace_id, 16), int(span_id, 16), bool(int(flags, 16) & _SAMPLED))


def current_context(tracer: Tracer) -> str:
    """The current span as a W3C trace context, flagged where its trace is sure to be kept; empty without a span."""
    span = CURRENT.get()
    if span is None:
        return ""
    return f"00-{span.trace.trace_id:032x}-{span.span_id:016x}-{int(tracer.is_known_to_be_kept(span)):02x}"


class observed_call:  # noqa: N801 - used as a statement
    """Time one outgoing call as a client span and a histogram sample; more attributes may be put in what it yields."""

    __slots__ = ("_also_for", "_attributes", "_histogram", "_name", "_span", "_token", "_tracer")

    def __init__(
        self,
        tracer: Tracer,
        histogram: Histogram,
        name: str,
        attributes: Mapping[str, str],
        also_for: Sequence[Span] = (),
    ) -> None:
        self._also_for = also_for
        self._tracer, self._histogram, self._name, self._attributes = tracer, histogram, name, attributes

    def __enter__(self) -> Attributes:
        self._span = span = self._tracer.begin(self._name, SpanKind.CLIENT)
        span.attributes.update(self._attributes)
        self._token = CURRENT.set(span)
        return span.attributes

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        span = self._span
        CURRENT.reset(self._token)
        if error is not None:
            span.attributes["error.type"] = type(error).__name__
            span.failed = True
        span.histogram = self._histogram
        self._tracer.end(span)
        for parent in self._also_for:
            self._tracer.share(span, parent)
        self._histogram.record(span.ended - span.started, span.attributes)


class task_span:  # noqa: N801 - used as a statement
    """A trace of its own around a piece of work that others asked for; linked to where they did."""

    __slots__ = ("_kind", "_links", "_name", "_token", "_tracer", "span")

    def __init__(self, tracer: Tracer, name: str, asked: Sequence[str], kind: SpanKind = SpanKind.CONSUMER) -> None:
        self._tracer, self._name, self._kind = tracer, name, kind
        self._links = [link for link in map(read_context, asked) if link is not None]

    def __enter__(self) -> Span:
        self.span = self._tracer.begin_root(self._name, self._kind, self._links)
        if any(link.sampled for link in self._links):
            self.span.trace.reason = Reason.LINKED
        self._token = CURRENT.set(self.span)
        return self.span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        CURRENT.reset(self._token)
        if error is not None:
            self.span.attributes["error.type"] = type(error).__name__
            self.span.failed = True
        self._tracer.end(self.span)
