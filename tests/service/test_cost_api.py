from datetime import UTC, datetime, timedelta

import pytest

from service.app import utc_now

STAMP_MICROCENTS = 50_000_000
FEE_MICROCENTS = 19_900_000_000


class Clock:
    """Shows the real time until it is set."""

    def __init__(self):
        self.set_to = None

    def __call__(self):
        return self.set_to or utc_now()

    def set(self, *moment):
        self.set_to = datetime(*moment, tzinfo=UTC)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def paying(start_service, shared_redis, clock):
    """A service whose time can be set, and a tenant on the starter plan whose trial ended long before 2031."""
    service = await start_service(shared_redis.port, clock=clock)
    tenant_id, headers = await service.tenant()
    [name] = shared_redis.client().scan_iter(f"*:tenant:{tenant_id}")
    shared_redis.client().hset(name, "plan", "starter")

    async def cost(query=""):
        return await service.get(f"/usage/{tenant_id}/cost{query}", headers)

    async def use(make_event, event_id, value, when=None):
        stamp = (when or clock()).isoformat()
        event = make_event(event_id, event_type="rfc3161_timestamps", value=value, timestamp=stamp)
        _, answer = await service.report(headers, event)
        return answer["results"][0]["status"]

    def change(**fields):
        shared_redis.client().hset(name, mapping=fields)

    return cost, use, change


async def test_a_month_costs_its_usage_and_its_share_of_the_fee(paying, clock, make_event):
    cost, use, _ = paying
    clock.set(2031, 11, 1, 9)
    await use(make_event, "a", 4)
    clock.set(2031, 11, 3, 9)
    await use(make_event, "b", 6)
    status, shown = await cost()
    assert (status, shown["month"], shown["plan"], shown["currency"]) == (200, "2031-11", "starter", "usd")
    assert [day["day"] for day in shown["days"]] == ["2031-11-01", "2031-11-02", "2031-11-03"]
    assert [day["usage_microcents"] for day in shown["days"]] == [4 * STAMP_MICROCENTS, 0, 6 * STAMP_MICROCENTS]
    assert shown["total_microcents"] == 10 * STAMP_MICROCENTS + FEE_MICROCENTS // 10
    assert shown["total_cents"] == 500 + 1_990
    assert shown["budget"] is None


async def test_our_own_cost_is_not_shown(paying, clock, make_event):
    cost, use, _ = paying
    clock.set(2031, 11, 1, 9)
    await use(make_event, "a", 4)
    _, shown = await cost()
    assert not [name for name in (*shown, *shown["days"][0]) if "storage" in name or "margin" in name]


async def test_the_daily_cap_is_todays(paying, clock, make_event):
    cost, use, _ = paying
    clock.set(2031, 11, 3, 9)
    assert await use(make_event, "a", 100) == "accepted"
    _, shown = await cost()
    limit = 5_000_000_000
    assert shown["daily_cost_cap"] == {
        "limit_microcents": limit,
        "used_microcents": limit,
        "used_percent": 100.0,
        "reached": True,
    }
    clock.set(2031, 11, 4, 9)
    _, shown = await cost("?month=2031-11")
    assert (shown["daily_cost_cap"]["used_microcents"], shown["daily_cost_cap"]["reached"]) == (0, False)


async def test_the_forecast_goes_on_from_the_month_before(paying, clock, make_event):
    cost, use, _ = paying
    for day in range(1, 32):
        clock.set(2031, 10, day, 12)
        await use(make_event, f"e{day}", 10)
    clock.set(2031, 11, 1, 0, 1)
    _, shown = await cost()
    assert shown["forecast"]["method"] == "weekday"
    assert abs(shown["forecast"]["month_end_cents"] - (19_900 + 30 * 500)) <= 50
    _, before = await cost("?month=2031-10")
    assert (before["forecast"], len(before["days"]), before["total_cents"]) == (None, 31, 19_900 + 31 * 500)


async def test_late_usage_of_a_closed_month_costs_the_current_one(paying, clock, make_event):
    cost, use, _ = paying
    clock.set(2031, 11, 3, 9)
    await use(make_event, "late", 2, clock() - timedelta(days=10))
    _, closed = await cost("?month=2031-10")
    assert {day["usage_microcents"] for day in closed["days"]} == {0}
    _, shown = await cost()
    assert shown["days"][0]["usage_microcents"] == 2 * STAMP_MICROCENTS


async def test_a_budget_is_watched(paying, clock, make_event):
    cost, use, change = paying
    clock.set(2031, 11, 3, 9)
    await use(make_event, "a", 10)
    for budget, used_percent, status in ((1, 249_000.0, "exceeded"), (19_900, 12.51, "at_risk"), (10**6, 0.25, "ok")):
        change(monthly_budget_cents=budget)
        _, shown = await cost()
        expected = {"monthly_budget_cents": budget, "used_percent": used_percent, "status": status}
        assert shown["budget"] == expected


async def test_a_month_before_the_sign_up_or_in_the_future_is_empty(paying, clock):
    cost, _, change = paying
    change(created_at=int(datetime(2031, 1, 5, tzinfo=UTC).timestamp()))
    clock.set(2031, 11, 3, 9)
    for month in ("2030-12", "2031-12", "2199-12", "2000-01"):
        status, shown = await cost(f"?month={month}")
        assert (status, shown["days"], shown["total_microcents"], shown["forecast"]) == (200, [], 0, None)


async def test_a_month_of_another_form_is_refused(paying):
    cost, _, _ = paying
    for month in ("", "2031", "2031-13", "2031-00", "0000-01", "9999-12", "2031-1", "2031-11-01", "x"):
        status, problem = await cost(f"?month={month}")
        assert (status, [error["field"] for error in problem["errors"]]) == (422, ["month"]), month


@pytest.mark.parametrize("state", ["suspended", "canceled"])
async def test_who_may_not_use_anything_still_sees_what_it_costs(paying, clock, make_event, state):
    cost, use, change = paying
    clock.set(2031, 11, 3, 9)
    await use(make_event, "a", 10)
    change(status=state)
    clock.set(2031, 11, 4, 9)
    status, shown = await cost()
    assert (status, shown["forecast"]["month_end_cents"]) == (200, 19_900 + 500)


async def test_a_trial_costs_nothing(service, make_event):
    tenant_id, headers = await service.tenant()
    await service.report(headers, make_event("a", value=100))
    _, shown = await service.get(f"/usage/{tenant_id}/cost", headers)
    assert shown["days"]
    assert shown["total_microcents"] == 0


async def test_somebody_elses_cost_is_not_found(service):
    tenant_id, _ = await service.tenant()
    _, foreign = await service.tenant()
    status, problem = await service.get(f"/usage/{tenant_id}/cost", foreign)
    assert (status, problem["code"]) == (404, "not_found")
