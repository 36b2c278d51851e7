"""Spans around requests and around calls to the ledger and to Stripe."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter

from opentelemetry.metrics import Histogram
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, Tracer, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

Attributes = dict[str, AttributeValue]


def caller_links(headers: Mapping[str, str]) -> list[Link]:
    """Link to the caller's span if `traceparent` names one: a stranger's trace is never our parent."""
    carrier = {"traceparent": headers.get("traceparent", ""), "tracestate": headers.get("tracestate", "")}
    context = get_current_span(TraceContextTextMapPropagator().extract(carrier)).get_span_context()
    return [Link(context)] if context.is_valid else []


@contextmanager
def observed_call(
    tracer: Tracer, duration: Histogram, name: str, attributes: Mapping[str, AttributeValue]
) -> Iterator[Attributes]:
    """Time one outgoing call as a client span and a histogram sample; more attributes may be put in what it yields."""
    observed: Attributes = dict(attributes)
    started = perf_counter()
    with tracer.start_as_current_span(
        name, kind=SpanKind.CLIENT, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield observed
        except BaseException as error:
            observed["error.type"] = type(error).__name__
            span.set_status(Status(StatusCode.ERROR))
            raise
        finally:
            span.set_attributes(observed)
            duration.record(perf_counter() - started, observed)
