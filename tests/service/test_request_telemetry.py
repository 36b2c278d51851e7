import asyncio
import contextlib
import io
import json
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from service.app import build_app
from service.config import Config
from service.domain.tenant import Plan
from service.domain.usage import Outcome
from service.ledger.connection import Operation
from service.ledger.ingest import Intake, Taken
from service.payments.endpoints import Endpoint
from service.runner import Runner
from service.telemetry.pipeline import Output, create_resource, create_telemetry, start_exporting
from service.telemetry.registry import load_registry
from service.telemetry.sampling import Sampling
from service.worker.process import build_worker

DURATION = "http.server.request.duration"


def labels(**changes):
    named = {
        "http.request.method": "POST",
        "http.route": "/usage/report",
        "http.response.status_code": 200,
        **{name.replace("__", "."): value for name, value in changes.items()},
    }
    return frozenset(named.items())


async def test_a_request_is_counted_by_method_route_and_status(service, make_event):
    tenant_id, headers = await service.tenant()
    await service.report(headers, make_event("a"))
    await service.get(f"/usage/{tenant_id}", headers)
    await service.get("/nowhere/at/all")
    async with service.http.request("TRACE", "/health"):
        pass
    route = "http__route"
    assert {key: point.count for key, point in service.points(DURATION).items() if point.count} == {
        labels(**{route: "/tenants", "http__response__status_code": 201}): 1,
        labels(): 1,
        labels(**{route: "/usage/{tenant_id}", "http__request__method": "GET"}): 1,
        labels(**{route: "unmatched", "http__request__method": "GET", "http__response__status_code": 404}): 1,
        labels(**{route: "unmatched", "http__request__method": "_OTHER", "http__response__status_code": 405}): 1,
    }


async def test_an_unforeseen_error_counts_as_a_500(service, make_event, monkeypatch):
    async def crash(*_):
        raise RuntimeError("boom")

    _, headers = await service.tenant()
    monkeypatch.setattr("service.ledger.ingest.UsageIntake.take", crash)
    assert (await service.report(headers, make_event("a")))[0] == 500
    assert labels(http__response__status_code=500, error__type="RuntimeError") in service.points(DURATION)


async def test_an_unavailable_ledger_counts_as_a_503_with_its_cause(start_service, own_redis, make_event):
    service = await start_service(own_redis.port)
    _, headers = await service.tenant()
    await service.report(headers, make_event("a"))
    own_redis.kill()
    await service.report(headers, make_event("b"))
    failed = labels(http__response__status_code=503, error__type="LedgerUnavailableError")
    assert service.points(DURATION)[failed].count == 1
    operation = {"db.system.name": "redis", "db.operation.name": "ingest", "error.type": "ConnectionError"}
    assert frozenset(operation.items()) in service.points("db.client.operation.duration")


async def leave_early(service, headers, event):
    timeout = aiohttp.ClientTimeout(total=0.1)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{service.port}", timeout=timeout) as http:
        with contextlib.suppress(TimeoutError):
            await http.post("/usage/report", json={"events": [event]}, headers=headers)


async def until_counted(service, key):
    for _ in range(150):
        if key in service.points(DURATION):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{key} not in {set(service.points(DURATION))}")


async def test_a_client_that_leaves_counts_as_a_499(service, make_event, monkeypatch):
    async def dawdle(*_):
        await asyncio.sleep(0.3)
        return Intake((Taken(Outcome.ACCEPTED),), 0, 1, (), 0, {}, Plan.PRO, {})

    _, headers = await service.tenant()
    monkeypatch.setattr("service.ledger.ingest.UsageIntake.take", dawdle)
    await leave_early(service, headers, make_event("a"))
    await until_counted(service, labels(http__response__status_code=499, error__type="ClientDisconnectedError"))


async def test_a_client_that_leaves_does_not_hide_our_failure(start_service, own_redis, make_event):
    service = await start_service(own_redis.port)
    _, headers = await service.tenant()
    own_redis.hang()
    await leave_early(service, headers, make_event("a"))
    await until_counted(service, labels(http__response__status_code=503, error__type="LedgerUnavailableError"))


async def test_counters_exist_before_the_first_event(service):
    points = service.points("billing.usage.events")
    assert len(points) == 16
    assert {point.value for point in points.values()} == {0}
    assert {point.value for point in service.points("http.server.active_requests").values()} == {0}


async def test_events_are_counted_by_type_and_outcome(service, make_event):
    _, headers = await service.tenant()
    event = make_event("a")
    await service.report(headers, event, event, make_event("b", event_type="views"), make_event("c", value=0))
    counted = {
        (dict(key)["billing.usage.event_type"], dict(key)["billing.usage.outcome"]): point.value
        for key, point in service.points("billing.usage.events").items()
        if point.value
    }
    assert counted == {
        ("sign_events", "accepted"): 1,
        ("sign_events", "duplicate"): 1,
        ("_OTHER", "rejected"): 1,
        ("sign_events", "rejected"): 1,
    }


async def test_every_metric_and_value_of_the_registry_is_emitted_and_nothing_else(
    service, make_event, environment, shared_redis
):
    tenant_id, headers = await service.tenant()
    await service.report(headers, make_event("a", properties={"duration_ms": 5}))
    for path in (f"/tenants/{tenant_id}", f"/usage/{tenant_id}", "/health"):
        await service.get(path, headers)
    reader = await work_once(Config.from_env(environment(shared_redis.port)))
    for metric in load_registry().metrics:
        points = service.points(metric.name) | points_of(reader, metric.name)
        assert points, metric.name
        assert {name for key in points for name, _ in key} <= {attribute.name for attribute in metric.attributes}
        for attribute in metric.attributes:
            if attribute.values:
                seen = {value for key in points for name, value in key if name == attribute.name}
                assert seen <= set(attribute.values)


def points_of(reader, name):
    data = reader.get_metrics_data()
    scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics]
    metrics = [metric for scope in scopes for metric in scope.metrics if metric.name == name]
    return {frozenset(point.attributes.items()): point for metric in metrics for point in metric.data.data_points}


async def work_once(config):
    """Let a worker fulfil each of its duties once, and return what it recorded."""
    reader = InMemoryMetricReader()
    worker = build_worker(config, create_telemetry(create_resource("test", "worker"), [reader], []))
    try:
        for duty in worker.duties:
            await duty.once()
    finally:
        await worker.close()
    return reader


@pytest.mark.parametrize("names", [Operation, Endpoint])
def test_no_ledger_operation_and_no_endpoint_of_stripe_is_listed_without_being_used(names):
    source = "".join(path.read_text() for path in Path("service").rglob("*.py"))
    unused = [name.name for name in names if source.count(f"{names.__name__}.{name.name}") == 0]
    assert unused == []


@pytest.mark.parametrize("metric", ["http.server.request.duration", "db.client.operation.duration"])
async def test_histograms_have_the_buckets_of_the_registry(service, metric):
    await service.get("/health")
    [*points] = service.points(metric).values()
    assert points[0].explicit_bounds == load_registry().metric(metric).buckets


async def test_a_strangers_trace_is_a_link_and_never_a_parent(service):
    trace_id, span_id = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    async with service.http.get("/health", headers={"traceparent": f"00-{trace_id}-{span_id}-01"}):
        pass
    [span] = [span for span in service.spans() if span.name == "GET /health"]
    assert span.parent is None
    assert span.context.trace_id != int(trace_id, 16)
    assert [(link.context.trace_id, link.context.span_id) for link in span.links] == [
        (int(trace_id, 16), int(span_id, 16))
    ]


async def test_ledger_calls_are_children_of_the_request_and_the_span_names_the_tenant(service, make_event):
    tenant_id, headers = await service.tenant()
    await service.report(headers, make_event("a"))
    spans = {span.name: span for span in service.spans()}
    request = spans["POST /usage/report"]
    assert request.attributes["tenant.id"] == tenant_id
    assert spans["redis ingest"].parent.span_id == request.context.span_id
    assert not [key for key in service.points(DURATION) if tenant_id in str(key)]


QUIET = Sampling(0.0, 10.0)


@pytest.mark.parametrize(("honours", "kept"), [(True, 1), (False, 0)])
async def test_a_gamedays_request_is_traced_whole_only_where_it_is_honoured(start_service, shared_redis, honours, kept):
    service = await start_service(shared_redis.port, sampling=replace(QUIET, honours_gameday=honours))
    async with service.http.get("/openapi.json", headers={"X-GameDay": "loadtests"}):
        pass
    async with service.http.get("/openapi.json"):
        pass
    requests = [span for span in service.spans() if span.name == "GET /openapi.json"]
    assert [span.attributes.get("billing.gameday.run") for span in requests] == ["loadtests"] * kept
    assert len({span.context.trace_id for span in service.spans()}) == kept


async def test_a_failure_is_traced_whole_and_what_goes_well_is_not(start_service, own_redis, make_event):
    service = await start_service(own_redis.port, sampling=QUIET)
    _, headers = await service.tenant()
    await service.report(headers, make_event("a"))
    assert service.spans() == ()
    own_redis.kill()
    await service.report(headers, make_event("b"))
    names = {span.name for span in service.spans()}
    assert "POST /usage/report" in names
    assert any(name.startswith("redis ") for name in names)


@pytest.mark.parametrize(("head", "status"), [(b"secret\x00header\r\n", 400), (b"Host: x\r\nExpect: secret\r\n", 417)])
async def test_a_request_that_never_reaches_the_application_is_measured_and_logged(
    start_service, shared_redis, head, status
):
    stream = io.BytesIO()
    service = await start_service(shared_redis.port, stream=stream)
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(b"GET / HTTP/1.1\r\n" + head + b"\r\n")
    answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    assert b" %d " % status in answer.splitlines()[0]
    key = labels(http__request__method="_OTHER", http__route="unmatched", http__response__status_code=status)
    assert service.points(DURATION)[key].count == 1
    [span] = [span for span in service.spans() if span.name == "_OTHER unmatched"]
    service.telemetry.logs.flush()
    [line] = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert line["TraceId"] == f"{span.context.trace_id:032x}"
    assert f"X-Request-Id: {line['TraceId']}".encode() in answer
    assert "secret" not in stream.getvalue().decode()


async def test_the_costliest_tenants_are_named_and_the_others_add_up(service, make_event):
    tenants = [await service.tenant() for _ in range(12)]
    for number, (_, headers) in enumerate(tenants):
        for event in range(number):
            await service.report(headers, make_event(f"{number}-{event}", event_type="rfc3161_timestamps"))
    named = {dict(key)["billing.cost.tenant"]: point.value for key, point in service.points("billing.cost.top").items()}
    assert set(named) == {tenant_id for tenant_id, _ in tenants[2:]} | {"other"}
    assert named[tenants[11][0]] > named[tenants[2][0]] > 0
    accrued = sum(point.value for point in service.points("billing.cost.accrued").values())
    assert sum(named.values()) == pytest.approx(accrued)


async def test_a_process_without_telemetry_still_identifies_and_counts(environment, shared_redis):
    output = Output(None, 5000, QUIET, is_disabled=True)
    telemetry = start_exporting(create_resource("test", "off"), output, io.BytesIO())
    app = build_app(Config.from_env(environment(shared_redis.port)), telemetry)
    runner = Runner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{runner.addresses[0][1]}/health") as answer:
        assert len(answer.headers["X-Request-Id"]) == 32
    await runner.cleanup()
    assert {number.value for _, number in telemetry.instruments.requests.series()} == {0}
    assert telemetry.shutdown(2.0)
