"""A real collector between a real OpenTelemetry SDK and a scrape: the names and labels that the rules rely on."""

import json
import time
from collections.abc import Iterator

import pytest
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from tests.collector.local_collector import Collector

RESOURCE = Resource({"service.name": "billing", "service.instance.id": "one"})


@pytest.fixture
def metric_expiration() -> str:
    return "2s"


@pytest.fixture
def provider(collector: Collector) -> Iterator[MeterProvider]:
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=f"{collector.otlp}/v1/metrics"))
    provider = MeterProvider([reader], resource=RESOURCE)
    yield provider
    provider.shutdown()


def test_a_counter_is_named_and_labelled_as_the_rules_expect(collector: Collector, provider: MeterProvider) -> None:
    counter = provider.get_meter("service").create_counter("billing.usage.events", unit="{event}")
    counter.add(3, {"billing.usage.event_type": "sign_events", "billing.usage.outcome": "accepted"})
    provider.force_flush()
    samples = collector.samples()
    assert (
        samples[
            'billing_usage_events_total{billing_usage_event_type="sign_events",billing_usage_outcome="accepted",'
            'instance="one",job="billing"}'
        ]
        == "3.0"
    )


def test_a_histogram_is_named_and_labelled_as_the_rules_expect(collector: Collector, provider: MeterProvider) -> None:
    duration = provider.get_meter("service").create_histogram(
        "http.server.request.duration", unit="s", explicit_bucket_boundaries_advisory=[0.25, 1]
    )
    labels = {"http.request.method": "GET", "http.route": "/usage/{tenant_id}", "http.response.status_code": 503}
    duration.record(0.5, labels)
    provider.force_flush()
    common = (
        'http_request_method="GET",http_response_status_code="503",http_route="/usage/{tenant_id}",'
        'instance="one",job="billing"'
    )
    name = "http_server_request_duration_seconds"
    found = {series: value for series, value in collector.samples().items() if series.startswith(name)}
    assert found == {
        f'{name}_bucket{{{common},le="0.25"}}': "0",
        f'{name}_bucket{{{common},le="1.0"}}': "1",
        f'{name}_bucket{{{common},le="+Inf"}}': "1",
        f"{name}_sum{{{common}}}": "0.5",
        f"{name}_count{{{common}}}": "1",
    }


def test_an_up_down_counter_has_no_suffix(collector: Collector, provider: MeterProvider) -> None:
    active = provider.get_meter("service").create_up_down_counter("http.server.active_requests", unit="{request}")
    active.add(1, {"http.request.method": "GET"})
    provider.force_flush()
    assert 'http_server_active_requests{http_request_method="GET",instance="one",job="billing"}' in collector.samples()


def test_the_series_of_a_service_that_is_gone_disappear(collector: Collector, provider: MeterProvider) -> None:
    provider.get_meter("service").create_counter("billing.usage.events").add(1)
    provider.force_flush()
    assert any(series.startswith("billing_usage_events") for series in collector.samples())
    time.sleep(2.5)
    assert not any(series.startswith("billing_usage_events") for series in collector.samples())


def test_spans_reach_the_traces_file(collector: Collector) -> None:
    provider = TracerProvider(resource=RESOURCE)
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(endpoint=f"{collector.otlp}/v1/traces")))
    provider.get_tracer("service").start_span("ledger.ingest").end()
    provider.shutdown()
    file = collector.folder / "traces.jsonl"
    deadline = time.monotonic() + 10
    while not file.read_text():
        assert time.monotonic() < deadline, f"{file} stayed empty"
        time.sleep(0.05)
    (resource,) = json.loads(file.read_text())["resourceSpans"]
    assert resource["scopeSpans"][0]["spans"][0]["name"] == "ledger.ingest"
