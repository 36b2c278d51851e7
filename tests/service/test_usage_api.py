import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import ClientSession

from service.domain.audit_entry import AuditEntry
from service.parts import TENANT_BOOK

MARCH = datetime(2126, 3, 17, 12, 34, tzinfo=UTC)


async def totals(service, tenant_id, headers):
    status, usage = await service.get(f"/usage/{tenant_id}", headers)
    assert status == 200
    summed = Counter()
    for bucket in usage["data"]:
        summed[bucket["event_type"]] += bucket["value"]
    assert dict(summed) == usage["totals"]
    return usage["totals"]


async def paying_tenant(service, plan="starter"):
    """A tenant whose trial is over."""
    tenant_id, headers = await service.tenant()
    entry = AuditEntry("service", "tenant.updated", "0")
    await service.app[TENANT_BOOK].change(tenant_id, {"trial_ends_at": 0, "plan": plan, "status": "active"}, entry)
    return tenant_id, headers


async def post(service, path, headers, body):
    async with service.http.post(path, json=body, headers=headers) as response:
        return response.status, await response.json(), response.headers


async def test_each_event_is_answered_by_itself_and_the_good_ones_are_counted(service, make_event):
    tenant_id, headers = await service.tenant()
    one = make_event("one", value=3)
    status, body = await service.report(
        headers,
        one,
        one,
        one | {"value": 4},
        make_event("two", event_type="verify_events", value=5),
        make_event("three", value=0),
        "nonsense",
    )
    assert status == 200
    assert body["results"] == [
        {"event_id": "one", "status": "accepted"},
        {"event_id": "one", "status": "duplicate"},
        {"event_id": "one", "status": "conflict"},
        {"event_id": "two", "status": "accepted"},
        {"event_id": "three", "status": "rejected", "code": "invalid_value"},
        {"event_id": None, "status": "rejected", "code": "not_an_object"},
    ]
    assert await totals(service, tenant_id, headers) == {"sign_events": 3, "verify_events": 5}


async def test_a_repeated_report_changes_nothing(service, make_event):
    tenant_id, headers = await service.tenant()
    events = [make_event(str(number), event_type="verify_events", value=number + 1) for number in range(100)]
    first, second = await service.report(headers, *events), await service.report(headers, *events)
    assert {result["status"] for result in first[1]["results"]} == {"accepted"}
    assert {result["status"] for result in second[1]["results"]} == {"duplicate"}
    assert await totals(service, tenant_id, headers) == {"verify_events": 5050}


async def test_many_concurrent_identical_reports_count_once(service, make_event):
    tenant_id, headers = await service.tenant()
    events = [make_event("a", value=7), make_event("b", event_type="verify_events", value=2)]
    answers = await asyncio.gather(*(service.report(headers, *events) for _ in range(200)))
    statuses = Counter(result["status"] for _, body in answers for result in body["results"])
    assert statuses == {"accepted": 2, "duplicate": 398}
    assert await totals(service, tenant_id, headers) == {"sign_events": 7, "verify_events": 2}


async def test_two_tenants_may_use_the_same_event_id(service, make_event):
    event = make_event("same")
    for _ in range(2):
        tenant_id, headers = await service.tenant()
        _, body = await service.report(headers, event)
        assert body["results"][0]["status"] == "accepted"
        assert await totals(service, tenant_id, headers) == {"sign_events": 1}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ([], [""]),
        ({}, ["events"]),
        ({"events": []}, ["events"]),
        ({"events": [{}] * 101}, ["events"]),
        ({"events": "x", "more": 1, "most": 2}, ["events", "more", "most"]),
    ],
)
async def test_a_wrong_envelope_names_every_bad_field_and_takes_nothing(service, body, fields):
    tenant_id, headers = await service.tenant()
    status, problem, _ = await post(service, "/usage/report", headers, body)
    assert (status, problem["code"]) == (422, "validation_failed")
    assert [error["field"] for error in problem["errors"]] == fields
    assert await totals(service, tenant_id, headers) == {}


async def test_a_ledger_that_is_not_there_is_a_503_with_retry_after(start_service, own_redis, make_event):
    service = await start_service(own_redis.port)
    _, headers = await service.tenant()
    own_redis.kill()
    async with ClientSession() as http:
        url = f"http://127.0.0.1:{service.port}/usage/report"
        async with http.post(url, json={"events": [make_event("a")]}, headers=headers) as response:
            assert response.status == 503
            assert response.headers["Retry-After"] == "1"
            assert (await response.json())["code"] == "ledger_unavailable"


async def test_the_trial_shows_what_is_left_and_refuses_only_what_is_too_much(service, make_event):
    _, headers = await service.tenant()
    first = make_event("a", value=150)
    status, _, answered = await post(service, "/usage/report", headers, {"events": [first]})
    assert (status, answered["X-Trial-Signs-Remaining"]) == (200, "50")
    mixed = {"events": [first, make_event("b", value=51)]}
    status, body, _ = await post(service, "/usage/report", headers, mixed)
    assert (status, [result.get("code") for result in body["results"]]) == (200, [None, "TRIAL_LIMIT_EXCEEDED"])
    status, problem, answered = await post(service, "/usage/report", headers, {"events": mixed["events"][1:]})
    assert (status, problem["code"]) == (429, "TRIAL_LIMIT_EXCEEDED")
    assert problem["results"] == [{"event_id": "b", "status": "rejected", "code": "TRIAL_LIMIT_EXCEEDED"}]
    assert answered["X-Trial-Signs-Remaining"] == "50"
    assert "Retry-After" not in answered


async def test_the_cost_cap_is_shown_in_headers_and_metrics_and_opens_with_the_next_day(
    start_service, shared_redis, make_event
):
    service = await start_service(shared_redis.port, clock=lambda: MARCH)
    _, headers = await paying_tenant(service)

    def stamps(name, value):
        when = MARCH.isoformat()
        return {"events": [make_event(name, event_type="rfc3161_timestamps", value=value, timestamp=when)]}

    seen = []
    for name, value in (("a", 49), ("b", 22), ("c", 29)):
        _, _, answered = await post(service, "/usage/report", headers, stamps(name, value))
        seen.append((answered["X-Cost-Cap-Used-Percent"], answered["X-Cost-Cap-Step"]))
        assert answered["X-Cost-Cap-Limit-Cents"] == "5000"
        assert "X-Trial-Signs-Remaining" not in answered
    assert seen == [("49", "0"), ("71", "70"), ("100", "100")]
    status, problem, answered = await post(service, "/usage/report", headers, stamps("d", 1))
    assert (status, problem["code"]) == (429, "DAILY_COST_CAP_EXCEEDED")
    assert (answered["Retry-After"], answered["X-Cost-Cap-Step"]) == (str(11 * 3600 + 26 * 60 + 1), "100")
    steps = service.points("billing.cost_cap.steps")
    reached = {dict(key)["billing.cost_cap.step"]: point.value for key, point in steps.items()}
    assert reached == {"50": 1, "70": 1, "85": 1, "95": 1, "100": 1}


@pytest.mark.parametrize("status", ["suspended", "canceled"])
async def test_a_suspended_or_canceled_tenant_reports_nothing(service, make_event, status):
    tenant_id, headers = await service.tenant()
    entry = AuditEntry("service", "tenant.status_changed", "0")
    await service.app[TENANT_BOOK].change(tenant_id, {"status": status}, entry)
    answer, body = await service.report(headers, make_event("a"))
    assert (answer, body["code"]) == (403, f"tenant_{status}")
    assert await totals(service, tenant_id, headers) == {}


async def test_facts_are_recorded_once_for_each_accepted_event(service, make_event):
    _, headers = await service.tenant()
    assert {point.value for point in service.points("c2pa.verify.results").values()} == {0}
    facts = {"outcome": "found", "discovery": "remote", "duration_ms": 350}
    verify = make_event("v", event_type="verify_events", value=4, properties=facts)
    signed = make_event("s", properties={"outcome": "success", "duration_ms": 90})
    refused = make_event("r", value=201, properties={"duration_ms": 90})
    for _ in range(2):
        await service.report(headers, verify, signed, refused)
    results = {key: point.value for key, point in service.points("c2pa.verify.results").items() if point.value}
    assert results == {frozenset({"c2pa.discovery": "remote", "c2pa.verify.outcome": "found"}.items()): 4}
    durations = {key: point for key, point in service.points("c2pa.operation.duration").items() if point.count}
    assert {
        (dict(key)["c2pa.operation"], dict(key)["c2pa.discovery"]): point.sum for key, point in durations.items()
    } == {
        ("verify", "remote"): 0.35,
        ("sign", "unknown"): 0.09,
    }
    assert all(point.count == 1 for point in durations.values())
    [point, *_] = durations.values()
    assert {0.3, 0.4, 0.6, 0.8} <= set(point.explicit_bounds)


async def used(service, headers, make_event, *hours_ago):
    now = datetime.now(UTC)
    events = [
        make_event(
            f"e{ago}", event_type="verify_events", value=ago + 1, timestamp=(now - timedelta(hours=ago)).isoformat()
        )
        for ago in hours_ago
    ]
    assert (await service.report(headers, *events))[0] == 200
    return now


async def test_usage_is_read_page_by_page_in_order(service, make_event):
    tenant_id, headers = await service.tenant()
    hours_ago = [*range(0, 30), 200, 600]
    now = await used(service, headers, make_event, *hours_ago)
    start = (now - timedelta(days=34)).strftime("%Y-%m-%dT%H:%M:%SZ")
    path, data, cursor = f"/usage/{tenant_id}?granularity=hour&limit=10&from={start}", [], ""
    while cursor is not None:
        status, page = await service.get(path + (f"&cursor={cursor}" if cursor else ""), headers)
        assert (status, len(page["data"]) <= 10) == (200, True)
        assert page["totals"] == {"verify_events": sum(ago + 1 for ago in hours_ago)}
        data, cursor = data + page["data"], page["next_cursor"]
    assert [bucket["value"] for bucket in data] == [ago + 1 for ago in sorted(hours_ago, reverse=True)]
    starts = [bucket["start"] for bucket in data]
    assert starts == sorted(set(starts))


@pytest.mark.parametrize("granularity", ["hour", "day", "month"])
async def test_a_range_counts_whole_hours_at_every_granularity(service, make_event, granularity):
    tenant_id, headers = await service.tenant()
    now = await used(service, headers, make_event, 0, 1, 2, 3)
    start = (now - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    end = now.strftime("%Y-%m-%dT%H:00:00Z")
    path = f"/usage/{tenant_id}?granularity={granularity}&from={start}&to={end}"
    _, page = await service.get(path, headers)
    assert page["totals"] == {"verify_events": 2 + 3}
    assert sum(bucket["value"] for bucket in page["data"]) == 2 + 3
    assert (page["from"], page["to"]) == (start[:13] + ":00:00Z", end)
    _, none = await service.get(path + "&event_type=sign_events", headers)
    assert (none["totals"], none["data"]) == ({}, [])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("from=2026-11-02T00:00:00Z&to=2026-11-02T00:00:00Z", "from"),
        ("from=2025-01-01T00:00:00Z&to=2026-02-06T00:00:00Z", "from"),
        ("from=0001-01-01T00:00:00Z&to=0001-01-02T00:00:00Z", "from"),
        ("from=9999-12-31T22:00:00Z&to=9999-12-31T23:59:59Z", "from"),
        ("granularity=week", "granularity"),
        ("event_type=views", "event_type"),
        ("limit=0", "limit"),
        ("cursor=abc", "cursor"),
        ("colour=red", "colour"),
    ],
)
async def test_a_bad_query_names_its_field(service, query, field):
    tenant_id, headers = await service.tenant()
    status, problem = await service.get(f"/usage/{tenant_id}?{query}", headers)
    assert (status, problem["errors"][0]["field"]) == (422, field)
