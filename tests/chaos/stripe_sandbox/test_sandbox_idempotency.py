import asyncio
from typing import Any

import aiohttp
import pytest
import stripe
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from chaos.lab.stripe_sandbox.exchange import name_requests
from chaos.lab.stripe_sandbox.guards import answer_refusals
from chaos.lab.stripe_sandbox.idempotency import idempotency

KEY = {"Authorization": "Bearer sk_test_sandbox"}


async def test_the_same_request_happens_once_and_answers_the_same(client: stripe.StripeClient) -> None:
    options: stripe.RequestOptions = {"idempotency_key": "k1"}
    first = await client.v1.customers.create_async({"name": "Acme"}, options)
    second = await client.v1.customers.create_async({"name": "Acme"}, options)
    assert first.id == second.id
    assert len((await client.v1.customers.list_async()).data) == 1
    assert first.last_response is not None
    assert second.last_response is not None
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert second.last_response.headers["Original-Request"] == first.last_response.headers["Request-Id"]
    assert second.last_response.headers["Request-Id"] != first.last_response.headers["Request-Id"]


async def test_other_parameters_under_the_same_key_are_refused(client: stripe.StripeClient) -> None:
    await client.v1.customers.create_async({"name": "Acme"}, {"idempotency_key": "k1"})
    with pytest.raises(stripe.IdempotencyError, match="same parameters") as refused:
        await client.v1.customers.create_async({"name": "Other"}, {"idempotency_key": "k1"})
    assert refused.value.http_status == 400


async def test_another_endpoint_under_the_same_key_is_refused(client: stripe.StripeClient) -> None:
    await client.v1.customers.create_async({"name": "Acme"}, {"idempotency_key": "k1"})
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        await client.v1.products.create_async({"name": "Acme"}, {"idempotency_key": "k1"})


async def test_a_refused_request_may_be_corrected_under_its_key(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        await client.v1.products.create_async({"name": ""}, {"idempotency_key": "k1"})
    made = await client.v1.products.create_async({"name": "Signing"}, {"idempotency_key": "k1"})
    assert made.name == "Signing"


async def test_a_key_is_forgotten_after_a_day(client: stripe.StripeClient, clock: Any) -> None:
    first = await client.v1.customers.create_async({"name": "Acme"}, {"idempotency_key": "k1"})
    clock.now += 24 * 3600
    second = await client.v1.customers.create_async({"name": "Acme"}, {"idempotency_key": "k1"})
    assert first.id != second.id


async def test_an_overlong_key_is_refused(url: str) -> None:
    headers = {**KEY, "Idempotency-Key": "k" * 256}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/v1/customers", headers=headers) as response,
    ):
        assert response.status == 400
        assert (await response.json())["error"]["type"] == "idempotency_error"


async def test_a_second_request_while_the_first_is_under_way_is_a_409() -> None:
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        arrived.set()
        await go_on.wait()
        return web.json_response({"id": "one"})

    app = web.Application(middlewares=[name_requests, answer_refusals, idempotency(lambda: 0.0)])
    app.router.add_post("/", slow)
    async with TestClient(TestServer(app)) as session:
        headers = {"Idempotency-Key": "k1"}
        first = asyncio.create_task(session.post("/", headers=headers))
        async with asyncio.timeout(5):
            await arrived.wait()
            second = await session.post("/", headers=headers)
        assert second.status == 409
        assert (await second.json())["error"]["code"] == "idempotency_key_in_use"
        go_on.set()
        assert (await first).status == 200
        third = await session.post("/", headers=headers)
        assert (third.status, third.headers["Idempotent-Replayed"]) == (200, "true")
