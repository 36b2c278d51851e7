"""The knobs: faults that stop by themselves, limits, and webhooks that come twice, late and out of order."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
import stripe
from aiohttp import web
from aiohttp.test_utils import TestServer

Control = Callable[..., Awaitable[dict[str, Any]]]
SECRET = "whsec_test"


@pytest.fixture
async def names(control: Control) -> AsyncIterator[list[str]]:
    """The names of the customers in the events that arrived, in their order."""
    arrived: list[str] = []

    async def take(request: web.Request) -> web.Response:
        arrived.append(json.loads(await request.read())["data"]["object"]["name"])
        return web.Response()

    hook = web.Application()
    hook.router.add_post("/hook", take)
    async with TestServer(hook) as server:
        await control("webhooks/endpoint", url=str(server.make_url("/hook")), secret=SECRET)
        yield arrived


async def test_held_events_are_flushed_twice_and_shuffled_as_the_seed_says(
    client: stripe.StripeClient, control: Control, names: list[str]
) -> None:
    orders = []
    for seed in (7, 7, 8):
        await control("webhooks", hold=True, duplicate_ratio=1, shuffle=True, seed=seed)
        for number in range(6):
            await client.v1.customers.create_async({"name": str(number)})
        assert names == []
        assert await control("webhooks/flush") == {"delivered": 12}
        orders.append(list(names))
        names.clear()
    assert sorted(orders[0]) == sorted([str(number) for number in range(6)] * 2)
    assert orders[0] == orders[1] != orders[2]


async def test_without_a_hold_a_flush_waits_for_what_is_under_way(
    client: stripe.StripeClient, control: Control, names: list[str]
) -> None:
    await client.v1.customers.create_async({"name": "a"})
    assert await control("webhooks/flush") == {"delivered": 0}
    assert names == ["a"]


async def test_a_status_is_given_a_few_times(client: stripe.StripeClient, control: Control) -> None:
    await control("faults", path_prefix="/v1/customers", method="POST", status=500, times=2)
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            await client.v1.customers.create_async()
    await client.v1.customers.create_async()
    assert len((await client.v1.customers.list_async()).data) == 1


async def test_a_fault_ends_by_time_or_when_it_is_taken_back(
    client: stripe.StripeClient, control: Control, url: str
) -> None:
    await control("faults", status=429, seconds=0.05)
    with pytest.raises(stripe.RateLimitError):
        await client.v1.balance.retrieve_async()
    await asyncio.sleep(0.06)
    await client.v1.balance.retrieve_async()
    await control("faults", status=503)
    async with aiohttp.ClientSession() as session, session.delete(f"{url}/_sandbox/faults") as response:
        assert response.status == 200
    await client.v1.balance.retrieve_async()


async def test_a_lost_answer_was_work_done_and_is_replayed_under_its_key(
    client: stripe.StripeClient, control: Control
) -> None:
    await control("faults", path_prefix="/v1/customers", lost_response=True, times=1)
    options: stripe.RequestOptions = {"idempotency_key": "k1"}
    with pytest.raises(stripe.APIConnectionError):
        await client.v1.customers.create_async({"name": "Acme"}, options)
    (kept,) = (await client.v1.customers.list_async()).data
    again = await client.v1.customers.create_async({"name": "Acme"}, options)
    assert (again.id, len((await client.v1.customers.list_async()).data)) == (kept.id, 1)


async def test_latency_delays(client: stripe.StripeClient, control: Control) -> None:
    await control("faults", latency_seconds=0.05, times=1)
    loop = asyncio.get_running_loop()
    started = loop.time()
    await client.v1.balance.retrieve_async()
    assert loop.time() - started >= 0.05


async def test_a_ratio_spares_some_requests(client: stripe.StripeClient, control: Control) -> None:
    await control("faults", status=500, ratio=0.5)
    outcomes = [await fails(client) for _ in range(40)]
    assert 8 < sum(outcomes) < 32


async def fails(client: stripe.StripeClient) -> bool:
    try:
        await client.v1.balance.retrieve_async()
    except stripe.APIError:
        return True
    return False


async def test_the_rate_is_limited_when_asked_for(client: stripe.StripeClient, control: Control) -> None:
    await control("limits", requests_per_second=25)
    outcomes = await asyncio.gather(*(client.v1.balance.retrieve_async() for _ in range(60)), return_exceptions=True)
    assert 25 <= sum(not isinstance(outcome, Exception) for outcome in outcomes) < 60
    assert all(isinstance(outcome, stripe.RateLimitError | stripe.Balance) for outcome in outcomes)


async def test_a_customers_meter_takes_one_call_at_a_time(
    client: stripe.StripeClient, control: Control, catalogue: Any, payer: stripe.Customer
) -> None:
    await control("limits", one_meter_event_at_a_time=True)
    other = await client.v1.customers.create_async()

    async def report(customer: stripe.Customer) -> None:
        payload = {"stripe_customer_id": customer.id, "value": "1"}
        await client.v1.billing.meter_events.create_async(
            {"event_name": catalogue.meter.event_name, "payload": payload}
        )

    same = await asyncio.gather(report(payer), report(payer), report(other), return_exceptions=True)
    assert [type(outcome) for outcome in same].count(stripe.RateLimitError) == 1
    await report(payer)


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("faults", {"status": 200}),
        ("faults", {"ratio": 2}),
        ("faults", {"status": "slow"}),
        ("faults", {"seconds": 0}),
        ("faults", {"what": 1}),
        ("limits", {"requests_per_second": 0}),
        ("webhooks", {"order": 1}),
        ("webhooks/endpoint", {"url": "http://127.0.0.1:1"}),
        ("clock", {}),
        ("clock", {"now": 1}),
        ("settings", {"after_last_retry": "hope"}),
        ("settings", {"retry_days": [0]}),
    ],
)
async def test_a_knob_that_makes_no_sense_is_refused(url: str, name: str, document: dict[str, Any]) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/_sandbox/{name}", json=document) as response,
    ):
        assert response.status == 400
        assert (await response.json())["error"]["type"] == "invalid_request_error"
