import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from aiohttp import ClientSession

from service.config import Config
from service.domain.tenant import TenantStatus
from service.domain.webhook_event import WebhookEvent
from service.errors import LeaseLostError
from service.ledger import keys
from service.ledger.leases import Leases
from service.ledger.reviews import RECONCILE_SECONDS
from service.ledger.webhook_queue import WebhookQueue
from service.telemetry.pipeline import create_resource, create_telemetry
from service.worker import webhooks
from service.worker.process import build_worker
from service.worker.webhooks import MAX_TRIES, pause_seconds


class Bench:
    """A worker on a service's ledger and sandbox, whose time the test moves."""

    def __init__(self, service, redis, stripe):
        self.now = int(datetime.now(UTC).timestamp())
        self.service = service
        self.redis = redis
        self.stripe = stripe
        self.url = f"http://127.0.0.1:{stripe.port}"

    def hire(self, worker):
        self.worker = worker
        self.queue = WebhookQueue(worker.ledger)
        self.gateway = worker.gateway
        self.duties = {duty.name: duty for duty in worker.duties}

    def clock(self):
        return datetime.fromtimestamp(self.now, UTC)

    async def happen(self, event_id, kind, customer_id, **details):
        await self.queue.put(WebhookEvent(event_id, kind, self.now, customer_id, details), self.now)
        await self.work()

    async def work(self):
        await self.duties["webhooks"].once()

    async def ask_stripe(self, path, **form):
        headers = {"Authorization": "Bearer sk_test_example"}
        async with ClientSession(self.url, headers=headers) as http, http.post(path, data=form) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def control(self, path, document):
        async with ClientSession(self.url) as http, http.post(f"/_sandbox/{path}", json=document) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    def tenant(self, tenant_id):
        return self.redis.hgetall(keys.tenant(tenant_id))

    def trail(self, tenant_id, action):
        entries = [fields for _, fields in self.redis.xrange(keys.trail(tenant_id)) if fields["action"] == action]
        return [(fields["actor"], json.loads(fields["details"])) for fields in entries]

    def dead(self):
        return [fields["reason"] for _, fields in self.redis.xrange(keys.WEBHOOKS_DEAD)]


@pytest.fixture
async def bench(start_service, own_redis, stripe, environment):
    bench = Bench(await start_service(own_redis.port), own_redis.client(), stripe)
    telemetry = create_telemetry(create_resource("test", "test"), [], [])
    bench.hire(build_worker(Config.from_env(environment(own_redis.port)), telemetry, bench.clock))
    yield bench
    await bench.worker.close()


@pytest.fixture
async def tenant_id(bench):
    tenant_id, _ = await bench.service.tenant()
    return tenant_id


@pytest.fixture
def customer_id(bench, tenant_id):
    return bench.tenant(tenant_id)["customer_id"]


@pytest.fixture
def subscription_id(bench, tenant_id):
    return bench.tenant(tenant_id)["subscription_id"]


async def test_the_current_state_counts_whatever_the_event_says(bench, tenant_id, customer_id, subscription_id):
    await bench.ask_stripe(f"/v1/subscriptions/{subscription_id}", cancel_at_period_end="true")
    await bench.happen("evt_1", "customer.subscription.created", customer_id)
    ends_at = int(bench.tenant(tenant_id)["trial_ends_at"])
    assert int(bench.tenant(tenant_id)["cancel_at"]) == ends_at
    assert bench.trail(tenant_id, "tenant.cancel_requested") == [("stripe:evt_1", {})]


async def test_an_event_is_noted_once_however_often_it_takes_effect(bench, tenant_id, customer_id):
    for _ in range(2):
        await bench.happen("evt_1", "invoice.paid", customer_id, amount_paid_cents=5)
        bench.redis.delete(keys.webhook_seen("evt_1"))
    assert bench.trail(tenant_id, "invoice.paid") == [("stripe:evt_1", {"amount_paid_cents": 5})]
    assert bench.tenant(tenant_id)["version"] == "1"


async def test_events_of_one_customer_take_one_look(bench, customer_id):
    for number in range(5):
        event = WebhookEvent(f"evt_{number}", "invoice.finalized", bench.now, customer_id, {})
        await bench.queue.put(event, bench.now)
    await bench.happen("evt_6", "invoice.paid", customer_id)
    bench.stripe.requests.clear()
    for number in range(10, 15):
        await bench.queue.put(WebhookEvent(f"evt_{number}", "invoice.paid", bench.now, customer_id, {}), bench.now)
    await bench.work()
    assert len(bench.stripe.asked("GET", f"/v1/customers/{customer_id}")) == 1


async def test_a_payment_method_from_checkout_is_put_to_use(bench, customer_id):
    method = await bench.ask_stripe("/v1/payment_methods/pm_card_visa/attach", customer=customer_id)
    assert (await bench.gateway.account(customer_id)).default_payment_method is None
    await bench.happen("evt_1", "payment_method.attached", customer_id)
    assert (await bench.gateway.account(customer_id)).default_payment_method == method["id"]


async def test_a_payment_method_from_a_later_checkout_takes_the_place_of_the_first_once(bench, customer_id):
    methods = []
    for card in ("pm_card_chargeCustomerFail", "pm_card_visa"):
        methods.append((await bench.ask_stripe(f"/v1/payment_methods/{card}/attach", customer=customer_id))["id"])
        await bench.happen(f"evt_{card}", "checkout.session.completed", customer_id, mode="setup")
        assert (await bench.gateway.account(customer_id)).default_payment_method == methods[-1]
    form = {"invoice_settings[default_payment_method]": methods[0]}
    await bench.ask_stripe(f"/v1/customers/{customer_id}", **form)
    bench.redis.delete(keys.webhook_seen("evt_pm_card_visa"))
    await bench.happen("evt_pm_card_visa", "checkout.session.completed", customer_id, mode="setup")
    assert (await bench.gateway.account(customer_id)).default_payment_method == methods[0]


async def test_an_outage_of_stripe_postpones_and_loses_nothing(bench, tenant_id, customer_id):
    bench.stripe.status = 500
    await bench.happen("evt_1", "invoice.paid", customer_id)
    assert bench.redis.zrange(keys.WEBHOOKS_POSTPONED, 0, -1, withscores=True)[0][1] == bench.now + 1
    await bench.work()
    assert bench.trail(tenant_id, "invoice.paid") == []
    bench.stripe.status = 200
    bench.now += 1
    await until_the_breaker_closes(bench)
    await bench.work()
    assert len(bench.trail(tenant_id, "invoice.paid")) == 1
    assert bench.redis.zcard(keys.WEBHOOKS_POSTPONED) == 0


async def test_an_event_of_a_tenant_that_never_appears_is_given_up_at_last(bench, monkeypatch):
    monkeypatch.setattr(webhooks, "MAX_TRIES", 3)
    customer = await bench.ask_stripe("/v1/customers", **{"metadata[tenant_id]": "0f" * 16})
    await bench.happen("evt_1", "customer.subscription.created", customer["id"])
    for _ in range(2):
        assert bench.dead() == []
        bench.now += 10
        await bench.work()
    (reason,) = bench.dead()
    assert reason.startswith("NotFoundError: there is no tenant 0f0f")


async def test_a_refused_transition_is_given_up_at_once(bench, tenant_id, customer_id):
    bench.redis.hset(keys.tenant(tenant_id), "status", TenantStatus.CANCELED)
    await bench.happen("evt_1", "customer.subscription.updated", customer_id)
    assert bench.dead() == ["canceled/current to trial/current is no transition of lifecycle.yaml"]
    assert bench.tenant(tenant_id)["status"] == "canceled"


async def test_a_customer_of_somebody_else_is_left_alone(bench):
    customer = await bench.ask_stripe("/v1/customers")
    await bench.happen("evt_1", "invoice.paid", customer["id"])
    assert (await bench.queue.backlog(bench.now)).waiting == 0
    assert bench.dead() == []


async def test_one_broken_event_does_not_stop_the_others(bench, tenant_id, customer_id, monkeypatch):
    effects = bench.duties["webhooks"]._effects
    apply = effects.apply

    async def stumble(customer, events):
        if customer == "cus_broken":
            raise ZeroDivisionError("nobody thought of this")
        await apply(customer, events)

    monkeypatch.setattr(effects, "apply", stumble)
    await bench.queue.put(WebhookEvent("evt_1", "invoice.paid", bench.now, "cus_broken"), bench.now)
    await bench.happen("evt_2", "invoice.paid", customer_id)
    assert len(bench.trail(tenant_id, "invoice.paid")) == 1
    assert bench.redis.zcard(keys.WEBHOOKS_POSTPONED) == 1


async def test_refused_usage_is_told_to_the_tenant_that_it_belongs_to(bench, tenant_id):
    meters = await bench.stripe.state()
    meter = meters["meters"][0]["event_name"]
    problem = {"code": "timestamp_too_far_in_past", "meter": meter}
    mine, foreign = f"{tenant_id}:sign_events:2026-11-23T06:0", "0f0f:sign_events:2026-11-23T06:0"
    problems = [{**problem, "identifier": identifier} for identifier in (mine, foreign)]
    answer = await bench.control("meter_errors", {"problems": problems})
    for event in answer["events"]:
        await bench.happen(event["id"], event["type"], "")
    (actor, details), *more = bench.trail(tenant_id, "usage.delivery_refused")
    assert more == []
    assert actor == f"stripe:{answer['events'][0]['id']}"
    assert details == {"codes": "timestamp_too_far_in_past", "identifiers": mine}


class SlowGateway:
    """Fetches the state at once and hands it over when it may."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.fetched, self.may_go_on = asyncio.Event(), asyncio.Event()

    async def account(self, customer_id):
        account = await self.gateway.account(customer_id)
        self.fetched.set()
        await self.may_go_on.wait()
        return account


async def test_a_worker_that_slept_past_its_lease_cannot_bring_back_an_old_state(bench, tenant_id, subscription_id):
    standings = bench.duties["reviews"]._standings
    slow = SlowGateway(bench.gateway)
    sleeper = replace(standings, gateway=slow, leases=Leases(bench.worker.ledger, seconds=0.05))
    path = f"/v1/subscriptions/{subscription_id}"
    await bench.ask_stripe(path, cancel_at_period_end="true")
    sleeping = asyncio.create_task(sleeper.refresh(tenant_id, "stripe:evt_old", ""))
    await slow.fetched.wait()
    await asyncio.sleep(0.06)
    await bench.ask_stripe(path, cancel_at_period_end="false")
    await standings.refresh(tenant_id, "stripe:evt_new", "")
    assert bench.tenant(tenant_id)["version"] == "1", "nothing differs, so the version cannot tell the two apart"
    slow.may_go_on.set()
    with pytest.raises(LeaseLostError):
        await sleeping
    assert bench.tenant(tenant_id)["cancel_at"] == ""


async def test_a_review_notices_what_no_webhook_told(bench, tenant_id, subscription_id):
    await bench.ask_stripe(f"/v1/subscriptions/{subscription_id}", cancel_at_period_end="true")
    await bench.duties["enlisting"].once()
    await bench.duties["reviews"].once()
    bench.now += 6 * 3600
    await bench.duties["reviews"].once()
    assert bench.tenant(tenant_id)["cancel_at"] != ""
    assert bench.trail(tenant_id, "tenant.cancel_requested") == [("service", {})]


async def test_a_review_that_fails_comes_back(bench, tenant_id):
    await bench.duties["enlisting"].once()
    bench.now += 6 * 3600
    bench.stripe.status = 400
    await bench.duties["reviews"].once()
    place = keys.reviews(keys.shard_of(tenant_id))
    assert bench.redis.zscore(place, tenant_id) == bench.now + 60


async def test_a_review_that_a_person_has_to_look_at_comes_back_later(bench, tenant_id):
    bench.redis.hset(keys.tenant(tenant_id), "subscription_id", "sub_unknown")
    await bench.duties["enlisting"].once()
    bench.now += RECONCILE_SECONDS
    await bench.duties["reviews"].once()
    place = keys.reviews(keys.shard_of(tenant_id))
    assert bench.redis.zscore(place, tenant_id) == bench.now + RECONCILE_SECONDS
    assert bench.tenant(tenant_id)["version"] == "1"


def test_pauses_double_up_to_five_minutes_and_last_about_an_hour():
    pauses = [pause_seconds(tries) for tries in range(1, MAX_TRIES)]
    assert pauses[:4] == [1, 2, 4, 8]
    assert pauses[-1] == 300
    assert 3000 < sum(pauses) < 5000


async def until_the_breaker_closes(bench):
    """The gateway may have stopped asking; it asks again after two seconds at most."""
    async with asyncio.timeout(5):
        while not await bench.gateway.is_reachable():
            await asyncio.sleep(0.1)
