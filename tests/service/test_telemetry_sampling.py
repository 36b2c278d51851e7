"""Which traces are kept, and that nothing is left of the others."""

import gc

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from service.telemetry.pipeline import create_resource, create_telemetry
from service.telemetry.sampling import DEFAULT_TRACE_RATIO, Sampling
from service.telemetry.spans import CURRENT, Span
from service.telemetry.tracing import caller_links, current_context, observed_call, read_context, task_span
from tests.service.conftest import points_of

CONTEXT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"


class Bench:
    """Telemetry with a share and a limit of its own."""

    def __init__(self, ratio=0.0, slow_seconds=10.0):
        self.reader, self.exporter = InMemoryMetricReader(), InMemorySpanExporter()
        sampling = Sampling(ratio, slow_seconds)
        processors = [SimpleSpanProcessor(self.exporter)]
        self.telemetry = create_telemetry(create_resource("1", "one"), [self.reader], processors, sampling)
        self.tracer = self.telemetry.tracer

    def call(self, error=None):
        """A request with one call to the ledger."""
        root = self.tracer.begin_root("request", SpanKind.SERVER)
        token = CURRENT.set(root)
        attributes = {"db.system.name": "redis", "db.operation.name": "ingest"}
        with observed_call(self.tracer, self.telemetry.instruments.ledger_duration, "redis ingest", attributes):
            pass
        CURRENT.reset(token)
        root.failed = error is not None
        self.tracer.end(root)
        return root

    def names(self):
        return [span.name for span in self.exporter.get_finished_spans()]

    def decisions(self):
        points = points_of(self.reader, "billing.telemetry.traces")
        return {dict(key)["billing.trace.decision"]: point.value for key, point in points.items() if point.value}


def test_a_failed_one_is_kept_whole():
    bench = Bench()
    bench.call(error="boom")
    assert sorted(bench.names()) == ["redis ingest", "request"]
    assert bench.decisions() == {"failed": 1}


def test_a_slow_one_is_kept_whole():
    bench = Bench(slow_seconds=0.0)
    bench.call()
    assert sorted(bench.names()) == ["redis ingest", "request"]
    assert bench.decisions() == {"slow": 1}


def test_of_the_rest_a_share_is_kept():
    bench = Bench(ratio=0.25)
    for _ in range(400):
        bench.call()
    kept = bench.decisions()["share"]
    assert 60 < kept < 140
    assert bench.decisions()["none"] == 400 - kept
    assert bench.names().count("request") == kept


def test_what_is_not_kept_is_gone_without_the_garbage_collector():
    bench = Bench()
    gc.collect()
    gc.disable()
    try:
        before = sum(isinstance(each, Span) for each in gc.get_objects())
        for _ in range(50):
            bench.call()
        assert sum(isinstance(each, Span) for each in gc.get_objects()) == before
    finally:
        gc.enable()


def test_every_call_is_measured_whether_it_is_kept_or_not():
    bench = Bench()
    for _ in range(5):
        bench.call()
    [point] = points_of(bench.reader, "db.client.operation.duration").values()
    assert point.count == 5
    assert point.exemplars == []


def test_the_exemplar_is_the_kept_call():
    bench = Bench()
    bench.call(error="boom")
    [point] = points_of(bench.reader, "db.client.operation.duration").values()
    [call] = [span for span in bench.exporter.get_finished_spans() if span.name == "redis ingest"]
    [exemplar] = point.exemplars
    assert (exemplar.trace_id, exemplar.span_id) == (call.context.trace_id, call.context.span_id)


def test_times_are_those_of_the_wall_clock():
    bench = Bench(ratio=1.0)
    bench.call()
    child, root = sorted(bench.exporter.get_finished_spans(), key=lambda span: span.name)
    assert root.start_time <= child.start_time <= child.end_time <= root.end_time
    assert child.parent.span_id == root.context.span_id


def test_a_child_that_outlives_its_root_shares_its_fate():
    bench = Bench()
    for failed in (True, False):
        root = bench.tracer.begin_root("request", SpanKind.SERVER)
        token = CURRENT.set(root)
        child = bench.tracer.begin("late", SpanKind.CLIENT)
        CURRENT.reset(token)
        root.failed = failed
        bench.tracer.end(root)
        bench.tracer.end(child)
    assert bench.names() == ["request", "late"]


def test_work_that_a_kept_trace_asked_for_is_kept_and_linked():
    bench = Bench()
    for flags in ("01", "00"):
        with task_span(bench.tracer, "settle", (f"{CONTEXT}-{flags}",)):
            pass
    [span] = bench.exporter.get_finished_spans()
    assert [link.context.trace_id for link in span.links] == [0x0AF7651916CD43DD8448EB211C80319C]
    assert bench.decisions() == {"linked": 1, "none": 1}


def test_a_strangers_flag_keeps_nothing():
    [link] = caller_links({"traceparent": f"{CONTEXT}-01"})
    assert not link.sampled


@pytest.mark.parametrize("text", ["", "00-0-0-01", f"ff-{CONTEXT[3:]}-01", f"00-{'0' * 32}-b7ad6b7169203331-01", "\n"])
def test_what_is_no_context_is_no_link(text):
    assert read_context(text) is None


def test_the_context_says_what_is_sure_to_be_kept():
    for ratio, flags in ((1.0, "01"), (0.0, "00")):
        bench = Bench(ratio)
        root = bench.tracer.begin_root("request", SpanKind.SERVER)
        token = CURRENT.set(root)
        text = current_context(bench.tracer)
        CURRENT.reset(token)
        assert text == f"00-{root.trace.trace_id:032x}-{root.span_id:016x}-{flags}"
    assert current_context(bench.tracer) == ""


def test_the_stated_share_is_one_in_a_hundred():
    assert DEFAULT_TRACE_RATIO == 0.01
