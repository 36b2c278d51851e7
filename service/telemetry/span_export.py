"""Makes the SDK's spans of kept records, and hands them to its processors."""

from collections.abc import Sequence

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link as SdkLink
from opentelemetry.trace import SpanContext, Status, StatusCode, TraceFlags

from service.telemetry.registry import SCHEMA_URL
from service.telemetry.spans import Link, Span

_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_UNSET, _ERROR = Status(StatusCode.UNSET), Status(StatusCode.ERROR)


class SpanMaker:
    """Makes spans of one resource and scope."""

    def __init__(self, resource: Resource, scope: str) -> None:
        self._resource = resource
        self._scope = InstrumentationScope(scope, schema_url=SCHEMA_URL)

    def make(self, span: Span) -> ReadableSpan:
        return ReadableSpan(
            name=span.name,
            context=_context(span.trace.trace_id, span.span_id),
            parent=_context(span.trace.trace_id, span.parent.span_id) if span.parent else None,
            resource=self._resource,
            attributes=span.attributes,
            links=[_link(link) for link in span.links],
            kind=span.kind,
            status=_ERROR if span.failed else _UNSET,
            start_time=span.trace.unix_ns(span.started),
            end_time=span.trace.unix_ns(span.ended),
            instrumentation_scope=self._scope,
        )


class DirectSink:
    """Hands spans to processors at once; for tests and for processes without an exporter."""

    def __init__(self, maker: SpanMaker, processors: Sequence[SpanProcessor]) -> None:
        self._maker = maker
        self._processors = processors

    def take(self, spans: Sequence[Span]) -> None:
        for processor in self._processors:
            for span in spans:
                processor.on_end(self._maker.make(span))

    def shutdown(self) -> None:
        for processor in self._processors:
            processor.shutdown()


def _context(trace_id: int, span_id: int) -> SpanContext:
    return SpanContext(trace_id, span_id, is_remote=False, trace_flags=_SAMPLED)


def _link(link: Link) -> SdkLink:
    flags = _SAMPLED if link.sampled else TraceFlags(TraceFlags.DEFAULT)
    return SdkLink(SpanContext(link.trace_id, link.span_id, is_remote=True, trace_flags=flags))
