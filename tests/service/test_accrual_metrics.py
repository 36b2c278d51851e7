import pytest

from service.domain.tenant import Plan
from service.domain.usage import EventType

STAMP = EventType.RFC3161_TIMESTAMPS


def totals(service, name, *labels):
    points = service.points(name)
    return {tuple(dict(attributes)[label] for label in labels): point.value for attributes, point in points.items()}


def revenue(service):
    return totals(service, "billing.revenue.accrued", "billing.plan", "billing.usage.event_type")


def cost(service):
    return {
        component: value
        for (component,), value in totals(service, "billing.cost.accrued", "billing.cost.component").items()
    }


@pytest.fixture
async def paying(service, shared_redis):
    """Headers of a tenant on the starter plan whose trial is over."""
    tenant_id, headers = await service.tenant()
    [name] = shared_redis.client().scan_iter(f"*:tenant:{tenant_id}")
    shared_redis.client().hset(name, mapping={"plan": "starter", "trial_ends_at": 0})
    return headers


async def test_every_series_begins_at_nothing(service):
    assert set(revenue(service)) == {(plan, kind) for plan in Plan for kind in (*EventType, "_OTHER")}
    assert set(revenue(service).values()) == {0}
    assert cost(service) == {"storage": 0, "timestamp_authority": 0, "requests": 0}


async def test_what_is_accepted_brings_its_marginal_price(service, paying, make_event):
    await service.report(paying, make_event("a", value=510), make_event("b", event_type=STAMP, value=3))
    await service.report(paying, make_event("c", value=2))
    brought = {labels: amount for labels, amount in revenue(service).items() if amount}
    assert brought == {("starter", "sign_events"): pytest.approx(6.0), ("starter", STAMP): pytest.approx(1.5)}


async def test_what_is_repeated_or_refused_brings_and_costs_nothing_more(service, paying, make_event):
    event = make_event("a", event_type=STAMP, value=3)
    await service.report(paying, event)
    before = revenue(service), cost(service)["timestamp_authority"]
    await service.report(paying, event, make_event("b", event_type=STAMP, value=200))
    assert (revenue(service), cost(service)["timestamp_authority"]) == before


async def test_a_trial_brings_nothing_and_costs_all_the_same(service, make_event):
    _, headers = await service.tenant()
    await service.report(headers, make_event("a", value=100), make_event("b", event_type=STAMP, value=10))
    assert not any(revenue(service).values())
    assert cost(service)["storage"] == pytest.approx(100 * 0.000_018)
    assert cost(service)["timestamp_authority"] == pytest.approx(10 * 0.001_8)


async def test_each_request_of_a_tenant_costs_the_same(service):
    tenant_id, headers = await service.tenant()
    before = cost(service)["requests"]
    await service.get("/health")
    assert cost(service)["requests"] == before
    for _ in range(4):
        await service.get(f"/tenants/{tenant_id}", headers)
    assert cost(service)["requests"] - before == pytest.approx(4 * 0.30 / 10**6)
