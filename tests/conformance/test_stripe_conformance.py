"""Everything that the service asks of Stripe, asked of Stripe's mock and of the sandbox.

Stripe's mock judges the requests by Stripe's own API description; the sandbox's answers are judged by the same
description. So neither the gateway nor the sandbox can drift from the API that they stand before.
"""

import inspect
import json
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.resources import files
from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest
from aiohttp.test_utils import TestServer

from chaos.lab.stripe_sandbox.app import build_app
from service.config import StripeConfig
from service.domain.catalog import FILE, licensed_lookup_key, parse_catalog
from service.domain.tenant import Plan
from service.payments.catalog_sync import connected, sync_catalog
from service.payments.endpoints import Endpoint
from service.payments.gateway import StripeGateway
from service.payments.objects import Account, Delivery, Invoice, InvoicePage
from service.payments.subscriptions import first_month_start

DESCRIBED = [endpoint for endpoint in Endpoint if endpoint.startswith("/v1")]
CATALOG_CALLS = {
    *("GET /v1/billing/meters", "GET /v1/prices", "GET /v1/products"),
    *("POST /v1/billing/meters", "POST /v1/prices", "POST /v1/products"),
    *("POST /v1/prices/{}", "POST /v1/products/{}"),
}
DAY_SECONDS = 24 * 3600
TENANT_ID = "0123456789abcdef" * 2
METER = "c2pa_sign_events"
KEY = "sk_test_conformance"
NO_V2 = "stripe-mock's description has no /v2; the library's types are the oracle, see test_gateway_metering.py"


@dataclass
class World:
    """What the calls are about; against the sandbox, the ids are those that it gave."""

    now: int
    customer_id: str = "cus_1"
    subscription_id: str = "sub_1"
    payment_method_id: str = "pm_1"
    event_id: str = "evt_1"
    invoice_id: str = "in_1"

    @property
    def trial_ends_at(self):
        return (self.now + 14 * DAY_SECONDS) // 3600 * 3600 + 3600

    @property
    def minute(self):
        return self.now // 60 * 60


@dataclass(frozen=True)
class Step:
    """One call of a public method, and what its answer must look like; `lacking` is why the mock cannot be asked."""

    method: str
    ask: Callable[[StripeGateway, World], Awaitable[object]]
    expected: Callable[[object], bool]
    lacking: str | None = None

    def __str__(self):
        return self.method


def nothing(answer):
    return answer is None


def an(kind):
    return lambda answer: isinstance(answer, kind)


def an_id(prefix):
    return lambda answer: isinstance(answer, str) and answer.startswith(prefix)


async def create_customer(gateway, world):
    world.customer_id = await gateway.create_customer(TENANT_ID, "Example", "billing@example.com", "customer")
    return world.customer_id


async def create_trial_subscription(gateway, world):
    world.subscription_id = await gateway.create_trial_subscription(
        TENANT_ID, world.customer_id, Plan.STARTER, world.trial_ends_at, "subscription"
    )
    return world.subscription_id


async def first_invoices(gateway, world):
    page = await gateway.invoices(world.customer_id, 10)
    world.invoice_id = page.invoices[0].id
    return page


STEPS = [
    Step("is_reachable", lambda g, _: g.is_reachable(), lambda answer: answer is True),
    Step("create_customer", create_customer, an_id("cus_")),
    Step("update_customer", lambda g, w: g.update_customer(w.customer_id, "New", "new@example.com", "update"), nothing),
    Step("create_trial_subscription", create_trial_subscription, an_id("sub_")),
    Step(
        "checkout_session",
        lambda g, w: g.checkout_session(
            w.customer_id, TENANT_ID, w.subscription_id, "https://a.example/y", "https://a.example/n", "checkout"
        ),
        an_id("http"),
    ),
    Step("portal_session", lambda g, w: g.portal_session(w.customer_id, "https://a.example/back"), an_id("http")),
    Step(
        "use_payment_method",
        lambda g, w: g.use_payment_method(w.customer_id, w.payment_method_id, "method"),
        nothing,
    ),
    Step(
        "send_meter_event",
        lambda g, w: g.send_meter_event(METER, w.customer_id, 7, "tenant:hour:1", w.now),
        lambda answer: answer is Delivery.DELIVERED,
    ),
    Step(
        "meter_summary",
        lambda g, w: g.meter_summary(METER, w.customer_id, w.minute - 3600, w.minute + 60),
        an(int),
    ),
    Step(
        "meter_hours",
        lambda g, w: g.meter_hours(METER, w.customer_id, w.minute // 3600 * 3600 - 3600, w.minute // 3600 * 3600),
        an(dict),
    ),
    Step("change_plan", lambda g, w: g.change_plan(w.subscription_id, Plan.PRO, "plan"), nothing),
    Step("account", lambda g, w: g.account(w.customer_id), an(Account)),
    Step("invoices", first_invoices, an(InvoicePage)),
    Step("invoices", lambda g, w: g.invoices(w.customer_id, 1, w.invoice_id), an(InvoicePage)),
    Step("upcoming_invoice", lambda g, w: g.upcoming_invoice(w.customer_id, w.subscription_id), an(Invoice)),
    Step(
        "upcoming_invoice",
        lambda g, w: g.upcoming_invoice(w.customer_id, w.subscription_id, Plan.ENTERPRISE),
        an(Invoice),
    ),
    Step("cancel", lambda g, w: g.cancel(w.subscription_id, True, "cancel"), an(int)),
    Step("resume", lambda g, w: g.resume(w.subscription_id, "resume"), nothing),
    Step("cancel", lambda g, w: g.cancel(w.subscription_id, False, "cancel now"), nothing),
    Step("cancel", lambda g, w: g.cancel(w.subscription_id, False, "cancel now"), nothing),
    Step("meter_error_report", lambda g, w: g.meter_error_report(w.event_id), lambda _: True, lacking=NO_V2),
]


def test_every_public_method_of_the_gateway_is_in_the_table():
    methods = {name for name, _ in inspect.getmembers(StripeGateway, inspect.iscoroutinefunction) if name[0] != "_"}
    assert {step.method for step in STEPS} == methods - {"close"}


def with_our_names(exchange):
    """The mock's fixtures, under the lookup keys and event names that the catalogue gives: it keeps no state.

    An invoice is said to have more lines than it shows, so that they are asked for.
    """
    answer = exchange.answer
    if exchange.path == Endpoint.PRICES:
        keys = [value for name, [value] in parse_qs(exchange.query).items() if name.startswith("lookup_keys")]
        [fixture] = answer["data"]
        recurring = fixture["recurring"] or {"interval": "month", "interval_count": 1, "usage_type": "metered"}
        answer["data"] = [fixture | {"lookup_key": key, "recurring": recurring | {"meter": key}} for key in keys]
    if exchange.path == Endpoint.METERS:
        answer["data"][0]["event_name"] = METER
    if exchange.path == Endpoint.INVOICES:
        answer["data"][0]["lines"]["has_more"] = True
    return answer


@pytest.mark.parametrize("step", [step for step in STEPS if step.lacking is None], ids=str)
async def test_stripes_mock_accepts_the_call_and_its_answer_is_understood(step, stripe_mock, relay, make_gateway):
    mock = await relay(stripe_mock, amend=with_our_names)
    answer = await step.ask(make_gateway(mock.url), World(int(time.time())))
    assert [str(exchange) for exchange in mock.exchanges if exchange.status != 200] == []
    assert mock.exchanges
    assert step.expected(answer), answer


async def test_stripes_mock_refuses_what_the_description_does_not_allow(stripe_mock, relay):
    mock = await relay(stripe_mock)
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/x-www-form-urlencoded"}
    assert (await mock.send("POST", "/v1/customers", "", b"name=a", headers)).status == 200
    assert (await mock.send("POST", "/v1/customers", "", b"nickname=a", headers)).status == 400
    assert (await mock.send("POST", "/v1/invoices/create_preview", "", b"customer[a]=b", headers)).status == 400


def test_what_the_mock_lacks_is_not_in_its_description(description):
    lacking = [step.method for step in STEPS if step.lacking]
    assert lacking == ["meter_error_report"]
    assert not [path for path in description["paths"] if path.startswith("/v2")]


@pytest.mark.parametrize("endpoint", DESCRIBED)
def test_every_endpoint_is_in_stripes_description(endpoint, description):
    assert anonymous(endpoint) in {anonymous(path) for path in description["paths"]}


def anonymous(path):
    """Without the names that the description and we give to the identifiers in a path."""
    return re.sub(r"{\w+}", "{}", path)


@pytest.fixture
async def sandbox(relay):
    """The sandbox behind a relay."""
    async with TestServer(build_app()) as server:
        yield await relay(str(server.make_url("")).rstrip("/"))


def earlier_catalog():
    """The catalogue before a plan got another name and price: bringing it up to date makes every kind of change."""
    text = files("service").joinpath(FILE).read_text("utf-8")
    return parse_catalog(text.replace("title: Starter", "title: First").replace("199.00", "99.00"))


async def synced(sandbox, catalog):
    """Bring the catalogue in; return the licensed price ids by plan."""
    async with connected(StripeConfig(sandbox.url, KEY)) as client:
        await sync_catalog(client, earlier_catalog(), lambda _: None)
        result = await sync_catalog(client, catalog, lambda _: None)
    return {plan: result.price_ids[licensed_lookup_key(plan)] for plan in Plan}


async def with_card(sandbox, world):
    """A card that the customer has given, as Checkout would take it."""
    async with connected(StripeConfig(sandbox.url, KEY)) as client:
        method = await client.v1.payment_methods.attach_async("pm_card_visa", {"customer": world.customer_id})
    world.payment_method_id = method.id


async def until_billed(sandbox, world):
    """Let the trial and a month pass, so that there are invoices which were paid."""
    later = json.dumps({"now": first_month_start(world.trial_ends_at) + DAY_SECONDS}).encode()
    moved = await sandbox.send("POST", "/_sandbox/clock", "", later, {"Content-Type": "application/json"})
    assert moved.status == 200, str(moved)


async def walked(sandbox, catalog, make_gateway):
    """Every call that the mock can judge, made of the sandbox; what it was asked and what it answered."""
    gateway = make_gateway(sandbox.url, await synced(sandbox, catalog))
    world = World(int(time.time()))
    for step in (step for step in STEPS if step.lacking is None):
        if step.method == "use_payment_method":
            await with_card(sandbox, world)
        if step.method == "account":
            await until_billed(sandbox, world)
        answer = await step.ask(gateway, world)
        assert step.expected(answer), (step.method, answer)
    return sandbox.exchanges


async def test_stripes_mock_accepts_every_request_that_the_sandbox_takes(
    sandbox, catalog, make_gateway, stripe_mock, relay, judge
):
    mock = await relay(stripe_mock)
    exchanges = await walked(sandbox, catalog, make_gateway)
    assert {f"{made.method} {anonymous(judge.template(made))}" for made in exchanges} >= CATALOG_CALLS
    for made in exchanges:
        answer = await mock.send(made.method, made.path, made.query, made.body, made.headers)
        assert answer.status == 200, str(answer)


async def test_the_sandboxs_answers_follow_stripes_description(sandbox, catalog, make_gateway, judge):
    exchanges = await walked(sandbox, catalog, make_gateway)
    asked = {anonymous(judge.template(exchange)) for exchange in exchanges}
    assert {anonymous(endpoint) for endpoint in DESCRIBED} - asked <= {anonymous(Endpoint.INVOICE_LINES)}
    faults = {fault for exchange in exchanges if exchange.status == 200 for fault in judge.faults(exchange)}
    assert not faults, "\n" + "\n".join(sorted(faults))


def test_the_judge_sees_a_missing_field_and_a_wrong_type(judge):
    answer = {"id": 1, "object": "billing_portal.session"}
    made = SimpleNamespace(method="POST", path="/v1/billing_portal/sessions", answer=answer)
    assert judge.template(made) == Endpoint.PORTAL_SESSIONS
    faults = " ".join(judge.faults(made))
    assert "'url' is a required property" in faults
    assert "1 is not of type 'string'" in faults
