from datetime import UTC, datetime, timedelta

import pytest

from service.api.amounts import EXACT
from service.api.bill_schema import MAX_WHAT_IF
from service.app import utc_now
from service.domain.bill import month_bill
from service.domain.catalog import load_catalog
from service.domain.tenant import Plan
from service.domain.usage import EventType

CATALOG = load_catalog()


class Clock:
    """Shows the real time until it is set."""

    def __init__(self):
        self.set_to = None

    def __call__(self):
        return self.set_to or utc_now()


class Asker:
    """A tenant on the starter plan, whose time and whose fields in the ledger can be set."""

    def __init__(self, service, tenant_id, headers, store, clock):
        self.service, self.headers, self.clock = service, headers, clock
        self._store = store
        [self._name] = store.scan_iter(f"*:tenant:{tenant_id}")
        self.change(plan="starter")

    def set_time(self, *moment):
        self.clock.set_to = datetime(*moment, tzinfo=UTC)

    def change(self, **fields):
        self._store.hset(self._name, mapping=fields)

    async def use(self, make_event, value):
        now = self.clock().isoformat()
        event = make_event("e", event_type="rfc3161_timestamps", value=value, timestamp=now)
        _, answer = await self.service.report(self.headers, event)
        assert answer["results"][0]["status"] == "accepted"

    async def ask(self, **question):
        async with self.service.http.post("/billing/preview", json=question, headers=self.headers) as response:
            return response.status, await response.json()


@pytest.fixture
async def asker(start_service, shared_redis):
    clock = Clock()
    service = await start_service(shared_redis.port, clock=clock)
    return Asker(service, *await service.tenant(), shared_redis.client(), clock)


async def test_the_bill_is_the_next_months_fee_and_this_months_usage(asker, make_event):
    asker.set_time(2031, 11, 3)
    await asker.use(make_event, 7)
    status, shown = await asker.ask()
    assert (status, shown["month"], shown["trial"], shown["what_if"]) == (200, "2031-11", False, None)
    assert shown["as_of"] == "2031-11-03T00:00:00.000000Z"
    fee, usage = shown["lines"]
    assert (fee["kind"], fee["amount_cents"], fee["period"]["start"]) == ("plan_fee", 19_900, "2031-12-01T00:00:00Z")
    assert (usage["event_type"], usage["quantity"], usage["amount_cents"]) == ("rfc3161_timestamps", 7, 350)
    assert (shown["total_cents"], shown["total_microcents"]) == (20_250, 20_250 * 10**6)


async def test_further_usage_and_another_plan_are_what_ifs(asker, make_event):
    asker.set_time(2031, 11, 3)
    await asker.use(make_event, 7)
    _, shown = await asker.ask(what_if={"sign_events": 510})
    assert shown["what_if"]["difference_cents"] == 10 * 50
    _, shown = await asker.ask(what_if={"sign_events": 510}, plan="pro")
    other = shown["what_if"]["bill"]
    assert (other["plan"], other["total_cents"]) == ("pro", 69_900 + 350)
    assert shown["what_if"]["difference_microcents"] == (69_900 - 19_900) * 10**6
    assert shown["plan"] == "starter"


async def test_a_month_that_ends_within_the_trial_owes_nothing_whatever_is_used(asker):
    asker.set_time(2031, 11, 3)
    asker.change(trial_ends_at=int(datetime(2031, 12, 1, 1, tzinfo=UTC).timestamp()))
    _, shown = await asker.ask(what_if={"sign_events": 10_000})
    assert (shown["trial"], shown["lines"], shown["total_cents"]) == (True, [], 0)
    assert shown["what_if"]["difference_microcents"] == 0


async def test_a_trial_that_ends_with_the_month_makes_way_for_the_fee(asker):
    asker.set_time(2031, 11, 3)
    asker.change(trial_ends_at=int(datetime(2031, 12, 1, tzinfo=UTC).timestamp()))
    _, shown = await asker.ask()
    assert (shown["trial"], shown["total_cents"]) == (False, 19_900)


async def test_who_leaves_is_billed_for_usage_only(asker, make_event):
    asker.set_time(2031, 11, 3)
    await asker.use(make_event, 7)
    for fields in ({"cancel_at": int(datetime(2031, 12, 1, tzinfo=UTC).timestamp())}, {"status": "canceled"}):
        asker.change(**fields)
        _, shown = await asker.ask()
        assert (shown["total_cents"], [line["kind"] for line in shown["lines"]]) == (350, ["usage"])
        asker.change(cancel_at="")


async def test_a_suspended_tenant_still_owes(asker):
    asker.set_time(2031, 11, 3)
    asker.change(status="suspended")
    assert (await asker.ask())[1]["total_cents"] == 19_900


async def test_the_first_second_of_a_month_begins_anew(asker, make_event):
    asker.set_time(2031, 11, 30, 23, 59, 59)
    await asker.use(make_event, 7)
    assert (await asker.ask())[1]["total_cents"] == 19_900 + 350
    asker.set_time(2031, 12, 1)
    _, shown = await asker.ask()
    assert (shown["month"], shown["total_cents"]) == ("2031-12", 19_900)


async def test_another_plan_comes_with_stripes_proration(asker, stripe):
    asker.change(plan="pro")
    after_trial = timedelta(days=15)
    await stripe.control("clock", advance_seconds=after_trial.total_seconds())
    asker.clock.set_to = utc_now() + after_trial
    status, shown = await asker.ask(plan="enterprise")
    proration = shown["what_if"]["proration"]
    assert status == 200
    assert [line["amount_cents"] < 0 for line in proration["lines"]] == [True, False]
    assert proration["total_cents"] == sum(line["amount_cents"] for line in proration["lines"]) > 0
    assert (await asker.ask(what_if={"sign_events": 1}))[1]["what_if"]["proration"] is None


async def test_a_plan_change_within_the_trial_is_free(asker):
    _, shown = await asker.ask(plan="enterprise")
    assert shown["what_if"]["proration"] == {"lines": [], "total_cents": 0}


@pytest.mark.parametrize("status", [400, 500])
async def test_without_stripe_the_rest_is_served(asker, stripe, status):
    asker.set_time(2031, 11, 3)
    stripe.status = status
    answered, shown = await asker.ask(plan="enterprise")
    assert (answered, shown["what_if"]["proration"]) == (200, None)
    assert shown["what_if"]["difference_cents"] == 200_000 - 19_900


async def test_a_canceled_tenants_subscription_is_not_asked_for(asker, stripe):
    asker.change(status="canceled")
    stripe.requests.clear()
    assert (await asker.ask(plan="enterprise"))[1]["what_if"]["proration"] is None
    assert stripe.requests == []


async def test_a_question_of_another_form_is_refused(asker):
    bad = {
        "plan": {"plan": "gold"},
        "what_if": {"what_if": {"coffee": 1}},
        "what_if.sign_events": {"what_if": {"sign_events": MAX_WHAT_IF + 1}},
        "month": {"month": "2031-11"},
    }
    for field, question in bad.items():
        status, problem = await asker.ask(**question)
        assert (status, [error["field"] for error in problem["errors"]]) == (422, [field])


def test_the_largest_question_is_answered_exactly():
    """A year of usage at the daily cap beside it."""
    for plan in Plan:
        bill = month_bill(CATALOG, plan, "2031-11", dict.fromkeys(EventType, MAX_WHAT_IF))
        assert bill.total_microcents + 365 * CATALOG.plans[plan].daily_cost_cap_microcents < EXACT


async def test_the_largest_question_keeps_the_answers_promise(asker):
    asker.set_time(2031, 11, 3)
    for plan in Plan:
        status, _ = await asker.ask(plan=plan, what_if=dict.fromkeys(EventType, MAX_WHAT_IF))
        assert status == 200
