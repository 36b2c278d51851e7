"""Events as a receiver sees them: signed over the bytes it gets, tried again, and given up in the end."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import stripe
from aiohttp import web
from aiohttp.test_utils import TestServer

from chaos.lab.stripe_sandbox.app import build_app
from chaos.lab.stripe_sandbox.webhooks import TRIES, Endpoint

SECRET = "whsec_test"


@dataclass
class Receiver:
    """Keeps what was posted; answers with the statuses it was given, then with 200."""

    statuses: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)
    arrivals: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        self.signatures.append(request.headers["Stripe-Signature"])
        self.arrivals.release()
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    async def wait_for(self, count: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(5):
            for _ in range(count):
                await self.arrivals.acquire()
        return [json.loads(body) for body in self.bodies]


@pytest.fixture
async def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def url(receiver: Receiver) -> AsyncIterator[str]:
    """The sandbox as for other tests, with real time and a receiver for its events."""
    hook = web.Application()
    hook.router.add_post("/webhooks", receiver.take)
    async with TestServer(hook) as hook_server:
        endpoint = Endpoint(str(hook_server.make_url("/webhooks")), SECRET)
        async with TestServer(build_app(endpoint, first_pause_seconds=0.01)) as server:
            yield str(server.make_url("")).rstrip("/")


async def pending(client: stripe.StripeClient) -> list[int]:
    return [event.pending_webhooks for event in (await client.v1.events.list_async()).data]


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(1000):
        if await condition():
            return
        await asyncio.sleep(0.005)
    pytest.fail(f"{condition.__name__} did not come true in 5 s")


async def test_stripes_own_library_accepts_the_signature(client: stripe.StripeClient, receiver: Receiver) -> None:
    made = await client.v1.customers.create_async({"metadata": {"tenant_id": "t1"}})
    await receiver.wait_for(1)
    event = stripe.Webhook.construct_event(receiver.bodies[0], receiver.signatures[0], SECRET)
    assert event.type == "customer.created"
    assert event.data.object["id"] == made.id
    assert event.data.object["metadata"]["tenant_id"] == "t1"
    for body, secret in [(receiver.bodies[0] + b" ", SECRET), (receiver.bodies[0], "whsec_other")]:
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, receiver.signatures[0], secret)


async def test_a_subscriptions_life_is_told_in_events(client: stripe.StripeClient, receiver: Receiver) -> None:
    customer = await client.v1.customers.create_async()
    product = await client.v1.products.create_async({"name": "Pro"})
    price = await client.v1.prices.create_async(
        {"product": product.id, "currency": "usd", "unit_amount": 1, "recurring": {"interval": "month"}}
    )
    made = await client.v1.subscriptions.create_async({"customer": customer.id, "items": [{"price": price.id}]})
    await client.v1.subscriptions.update_async(made.id, {"cancel_at_period_end": True})
    await client.v1.subscriptions.cancel_async(made.id)
    delivered = {event["type"]: event for event in await receiver.wait_for(6)}
    events = {kind: event for kind, event in delivered.items() if kind.startswith("customer.")}
    assert set(delivered) - set(events) == {"invoice.created", "invoice.finalized"}
    assert set(events) == {
        "customer.created",
        "customer.subscription.created",
        "customer.subscription.updated",
        "customer.subscription.deleted",
    }
    updated = events["customer.subscription.updated"]["data"]
    assert updated["previous_attributes"] == {
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"reason": None},
    }
    assert updated["object"]["status"] == "active"
    assert events["customer.subscription.deleted"]["data"]["object"]["status"] == "canceled"


async def test_an_event_names_the_request_that_caused_it(client: stripe.StripeClient, receiver: Receiver) -> None:
    made = await client.v1.customers.create_async({}, {"idempotency_key": "k1"})
    (event,) = await receiver.wait_for(1)
    assert made.last_response is not None
    assert event["request"] == {
        "id": made.last_response.headers["Request-Id"],
        "idempotency_key": "k1",
    }


async def test_a_failed_delivery_is_tried_again_until_it_is_taken(
    client: stripe.StripeClient, receiver: Receiver
) -> None:
    receiver.statuses = [500, 302]
    await client.v1.customers.create_async()
    events = await receiver.wait_for(3)
    assert len({event["id"] for event in events}) == 1

    async def taken() -> bool:
        return await pending(client) == [0]

    await until(taken)
    assert len(receiver.bodies) == 3


async def test_deliveries_are_given_up_after_a_few_tries(
    client: stripe.StripeClient, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.statuses = [500] * 50
    await client.v1.customers.create_async()

    async def given_up() -> bool:
        return f"given up after {TRIES} tries: 500" in caplog.text

    await until(given_up)
    assert len(receiver.bodies) == TRIES
    assert await pending(client) == [1]


async def test_a_receiver_that_is_away_does_not_disturb_the_api(caplog: pytest.LogCaptureFixture) -> None:
    nobody = Endpoint("http://127.0.0.1:9/webhooks", SECRET)
    headers = {"Authorization": "Bearer sk_test_sandbox"}
    async with (
        TestServer(build_app(nobody, first_pause_seconds=0.001)) as server,
        aiohttp.ClientSession(headers=headers) as session,
        session.post(server.make_url("/v1/customers")) as response,
    ):
        assert response.status == 200

        async def given_up() -> bool:
            return "ClientConnectorError" in caplog.text

        await until(given_up)


async def test_events_list_by_type(client: stripe.StripeClient) -> None:
    made = await client.v1.customers.create_async()
    await client.v1.customers.update_async(made.id, {"name": "Acme"})
    listed = await client.v1.events.list_async({"type": "customer.updated"})
    assert [event.type for event in listed.data] == ["customer.updated"]
    read = await client.v1.events.retrieve_async(listed.data[0].id)
    assert read.data.previous_attributes["name"] is None
