"""One usage report, followed from its request to Stripe by the ids that everything about it carries."""

import asyncio
import io
import json
import logging
import time
from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from stripe import WebhookSignature

from service.config import Config
from service.ledger import keys
from service.telemetry.logs import configure_logging
from service.telemetry.pipeline import create_resource, create_telemetry
from service.worker.process import build_worker
from tests.service.conftest import WEBHOOK_SECRET

STRANGER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
async def worker(environment, own_redis):
    """A worker whose duties the test does, and the spans that it kept."""
    spans = InMemorySpanExporter()
    telemetry = create_telemetry(
        create_resource("test", "worker"), [InMemoryMetricReader()], [SimpleSpanProcessor(spans)]
    )
    later = lambda: datetime.now(UTC) + timedelta(hours=2)  # noqa: E731 - by when the hour is over
    built = build_worker(Config.from_env(environment(own_redis.port, SEAL_GRACE_SECONDS="0")), telemetry, later)
    yield built, spans
    await built.close()


@pytest.fixture
def logged():
    """Where the service writes what it otherwise writes to stdout."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.BytesIO()
    root.handlers[:], root.level = handlers, level


def lines_of(service, stream):
    service.telemetry.logs.flush()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


async def deliver(service, event_id, customer_id):
    """As Stripe does; return the id of the request."""
    thing = {"id": "in_1", "customer": customer_id}
    event = {"object": "event", "id": event_id, "type": "invoice.paid", "created": 1, "data": {"object": thing}}
    body = json.dumps(event)
    signature = WebhookSignature.generate_signature_header(body, WEBHOOK_SECRET, int(time.time()))
    headers = {"Stripe-Signature": signature, "Content-Type": "application/json", "traceparent": STRANGER}
    async with service.http.post("/webhooks/stripe", data=body.encode(), headers=headers) as response:
        assert response.status == 200
        return response.headers["X-Request-Id"]


async def end_trial(own_redis, tenant_id):
    own_redis.client().hset(keys.tenant(tenant_id), "trial_ends_at", 1)


async def test_request_ledger_worker_stripe_log_and_exemplar_carry_the_same_ids(
    start_service, own_redis, worker, logged, make_event, stripe
):
    service = await start_service(own_redis.port, stream=logged)
    configure_logging("info", service.telemetry.logs)
    tenant_id, headers = await service.tenant()
    await end_trial(own_redis, tenant_id)
    body = {"events": [make_event("followed")]}
    headers = {**headers, "traceparent": STRANGER, "baggage": "secret=1"}
    async with service.http.post("/usage/report", json=body, headers=headers) as response:
        assert response.status == 200
        request_id = response.headers["X-Request-Id"]

    [request] = [span for span in service.spans() if span.name == "POST /usage/report"]
    trace_id = request.context.trace_id
    assert f"{trace_id:032x}" == request_id
    assert (request.kind, request.parent) == (SpanKind.SERVER, None)
    [ingest] = [span for span in service.spans() if span.name == "redis ingest"]
    assert (ingest.context.trace_id, ingest.parent.span_id) == (trace_id, request.context.span_id)

    built, kept = worker
    duties = {duty.name: duty for duty in built.duties}
    for name in ("shares", "sealing", "sending"):
        await duties[name].once()
    [settled] = [span for span in kept.get_finished_spans() if span.name == "settle intent"]
    assert settled.kind is SpanKind.CONSUMER
    [link] = settled.links
    assert (link.context.trace_id, link.context.span_id) == (trace_id, request.context.span_id)
    [sent] = [span for span in kept.get_finished_spans() if span.name == "POST /v1/billing/meter_events"]
    assert (sent.context.trace_id, sent.parent.span_id) == (settled.context.trace_id, settled.context.span_id)
    assert sent.attributes["stripe.request.id"].startswith("req_")
    assert sent.attributes["billing.stripe.idempotent_replay"] is False

    served = [
        line
        for line in lines_of(service, logged)
        if line["EventName"] == "request.served" and line["Body"] == "POST /usage/report"
    ]
    assert [(line["TraceId"], line["SpanId"], line["TraceFlags"]) for line in served] == [
        (f"{trace_id:032x}", f"{request.context.span_id:016x}", 1)
    ]
    assert served[0]["Attributes"]["tenant.id"] == tenant_id

    label = {"http.request.method": "POST", "http.route": "/usage/report", "http.response.status_code": 200}
    point = service.points("http.server.request.duration")[frozenset(label.items())]
    [exemplar] = point.exemplars
    assert (exemplar.trace_id, exemplar.span_id) == (trace_id, request.context.span_id)
    below = [bound for bound in point.explicit_bounds if bound < exemplar.value]
    assert point.bucket_counts[len(below)] == 1

    names = {name.lower() for asked in stripe.requests for name in asked.headers}
    assert not names & {"traceparent", "tracestate", "baggage"}


async def test_a_webhooks_effect_is_linked_to_the_requests_that_brought_it(
    start_service, own_redis, worker, logged, stripe
):
    service = await start_service(own_redis.port, stream=logged)
    configure_logging("info", service.telemetry.logs)
    tenant_id, _ = await service.tenant()
    customer_id = own_redis.client().hget(keys.tenant(tenant_id), "customer_id")
    brought = [await deliver(service, f"evt_{number}", customer_id) for number in (1, 2, 1)]
    requests = [span for span in service.spans() if span.name == "POST /webhooks/stripe"]
    assert [f"{span.context.trace_id:032x}" for span in requests] == brought

    built, kept = worker
    stripe.requests.clear()
    await {duty.name: duty for duty in built.duties}["webhooks"].once()
    [applied] = [span for span in kept.get_finished_spans() if span.name == "apply webhooks"]
    assert (applied.kind, applied.parent) == (SpanKind.CONSUMER, None)
    assert applied.attributes["billing.webhook.count"] == 2
    # The third request brought nothing that was not there: it is answered, and causes nothing.
    assert [(link.context.trace_id, link.context.span_id) for link in applied.links] == [
        (span.context.trace_id, span.context.span_id) for span in requests[:2]
    ]
    inner = [span for span in kept.get_finished_spans() if span.context.trace_id == applied.context.trace_id]
    calls = [span for span in inner if span.kind is SpanKind.CLIENT]
    assert {span.parent.span_id for span in calls} == {applied.context.span_id}
    assert {span.name.partition(" ")[0] for span in calls} >= {"redis", "GET"}
    assert stripe.requests

    served = [
        line
        for line in lines_of(service, logged)
        if line["EventName"] == "request.served" and line["Body"] == "POST /webhooks/stripe"
    ]
    assert [line["TraceId"] for line in served] == brought


async def test_requests_that_are_committed_together_have_the_call_in_each_trace(service, make_event):
    _, headers = await service.tenant()
    await service.report(headers, make_event("first"))
    await asyncio.gather(*(service.report(headers, make_event(f"e{number}")) for number in range(8)))
    spans = service.spans()
    requests = {span.context.span_id for span in spans if span.name == "POST /usage/report"}
    calls = [span for span in spans if span.name == "redis ingest"]
    assert len(requests) == 9
    assert {span.parent.span_id for span in calls} == requests
    assert any(span.links for span in calls)
