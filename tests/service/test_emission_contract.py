"""The short form of `make contract`: what rules, alerts and panels use of the service, it emits."""

import pytest

from chaos.lab.contract.judgement import NAME, judge
from chaos.lab.contract.uses import Needs, Use, needs, needs_of_project
from service.config import Config
from service.telemetry.registry import load_registry, prometheus_names
from tests.service.test_request_telemetry import points_of, work_once

REGISTRY = load_registry()
OURS = {series for metric in REGISTRY.metrics for series in prometheus_names(metric)}


def series_of(metric, points):
    """The series that Prometheus would have of the points."""
    for key in points:
        labels = {name.replace(".", "_"): str(value) for name, value in key}
        for series in prometheus_names(metric):
            yield {NAME: series, "job": "billing", **labels}


@pytest.fixture
async def live(start_service, own_redis, make_event, environment, stripe):
    """The series of a service and a worker that have worked, and have failed, by metric."""
    service = await start_service(own_redis.port)
    tenant_id, headers = await service.tenant()
    await service.report(headers, make_event("a", properties={"duration_ms": 5}))
    for path in (f"/usage/{tenant_id}", "/health"):
        await service.get(path, headers)
    reader = await work_once(Config.from_env(environment(own_redis.port)))
    async with service.http.post("/tenants", json={}):
        pass
    stripe.status = 500
    async with service.http.post("/tenants", json={"name": "A", "email": "a@example.com", "plan": "pro"}) as refused:
        assert refused.status == 503
    own_redis.kill()
    await service.report(headers, make_event("b"))
    return {
        metric.name: [
            *series_of(metric, service.points(metric.name)),
            *series_of(metric, points_of(reader, metric.name)),
        ]
        for metric in REGISTRY.metrics
    }


def ours(found):
    return Needs(frozenset(use for use in found.uses if use.metric in OURS), found.recorded)


async def test_what_is_used_is_emitted_and_without_one_instrument_it_is_not(live):
    found = ours(needs_of_project(REGISTRY))
    judgement = judge(found, [series for every in live.values() for series in every], REGISTRY)
    assert judgement.orphans == ()
    assert judgement.missing == ()
    assert judgement.used > 60

    for removed in ("billing.http.requests", "http.server.request.duration", "billing.telemetry.dropped"):
        rest = [series for name, every in live.items() if name != removed for series in every]
        broken = {use.metric for use in judge(found, rest, REGISTRY).missing}
        assert broken & set(prometheus_names(REGISTRY.metric(removed)))
        assert broken <= set(prometheus_names(REGISTRY.metric(removed)))


def test_a_metric_that_nobody_uses_is_an_orphan():
    judgement = judge(needs(["up"], REGISTRY), [{NAME: "up"}], REGISTRY)
    assert len(judgement.orphans) == len(REGISTRY.metrics)
    assert not judgement.holds


@pytest.mark.parametrize(
    ("expression", "uses"),
    [
        ('rate(x_total{code="200", job="billing"}[$__rate_interval])', {Use("x_total"), Use("x_total", "code", "200")}),
        ('x{route=~"/a|/b"}', {Use("x"), Use("x", "route", "/a"), Use("x", "route", "/b")}),
        ('x{error_type!=""}', {Use("x"), Use("x", "error_type")}),
        ('x{instance=~"$instance"}', {Use("x")}),
        (
            "sum by (http_route) (billing_http_requests_total)",
            {Use("billing_http_requests_total"), Use("billing_http_requests_total", "http_route")},
        ),
    ],
)
def test_an_expression_uses_what_it_names(expression, uses):
    assert needs([expression], REGISTRY).uses == uses


def test_what_rules_record_is_not_asked_of_the_service():
    assert needs(["slo:errors:rate5m", "ALERTS"], REGISTRY, frozenset({"slo:errors:rate5m"})).uses == frozenset()
