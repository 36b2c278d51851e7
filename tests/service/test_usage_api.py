import asyncio
from collections import Counter

from aiohttp import ClientSession


async def totals(service, tenant_id, headers):
    status, usage = await service.get(f"/usage/{tenant_id}", headers)
    assert status == 200
    summed = Counter()
    for hour in usage["hours"]:
        summed[hour["event_type"]] += hour["value"]
    assert dict(summed) == usage["totals"]
    return usage["totals"]


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
    events = [make_event(str(number), value=number + 1) for number in range(100)]
    first, second = await service.report(headers, *events), await service.report(headers, *events)
    assert {result["status"] for result in first[1]["results"]} == {"accepted"}
    assert {result["status"] for result in second[1]["results"]} == {"duplicate"}
    assert await totals(service, tenant_id, headers) == {"sign_events": 5050}


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


async def test_a_wrong_envelope_is_a_problem_and_takes_nothing(service, make_event):
    tenant_id, headers = await service.tenant()
    status, body = await service.report(headers, *[make_event(str(number)) for number in range(101)])
    assert (status, body["code"]) == (422, "validation_failed")
    assert body["errors"] == [{"field": "events", "rule": "must be a list of 1 to 100 events"}]
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
