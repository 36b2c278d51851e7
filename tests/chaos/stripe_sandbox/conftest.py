"""The sandbox on a free loopback port, Stripe's own client pointed at it, and a small catalogue."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import stripe
from aiohttp.test_utils import TestServer

from chaos.lab.stripe_sandbox.app import build_app

START = 1_790_000_000.0

Control = Callable[..., Awaitable[dict[str, Any]]]


@dataclass
class StillClock:
    """Time that passes only when told to (unix seconds)."""

    now: float = START

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Catalogue:
    """A plan of 50 dollars a month, and signs: 100 are free, 1000 more cost 0.5 cents, all others 0.3 cents."""

    meter: stripe.billing.Meter
    plan: stripe.Price
    larger_plan: stripe.Price
    signs: stripe.Price


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
async def url(clock: Callable[[], float]) -> AsyncIterator[str]:
    async with TestServer(build_app(clock=clock)) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
async def client(url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[stripe.StripeClient]:
    monkeypatch.setattr(stripe, "enable_telemetry", False)
    http_client = stripe.AIOHTTPClient(timeout=5)
    bases: Any = {"api": url, "meter_events": url}
    yield stripe.StripeClient("sk_test_sandbox", http_client=http_client, base_addresses=bases, max_network_retries=0)
    await http_client.close_async()


@pytest.fixture
async def control(url: str) -> AsyncIterator[Control]:
    """Posts JSON to one of the sandbox's controls, `control("clock", now=...)`, and answers what it answers."""
    async with aiohttp.ClientSession() as session:

        async def post(name: str, **document: Any) -> dict[str, Any]:
            async with session.post(f"{url}/_sandbox/{name}", json=document) as response:
                answer: dict[str, Any] = await response.json()
                assert response.status == 200, answer
                return answer

        yield post


@pytest.fixture
async def catalogue(client: stripe.StripeClient) -> Catalogue:
    meter = await client.v1.billing.meters.create_async(
        {"display_name": "Signs", "event_name": "signs", "default_aggregation": {"formula": "sum"}}
    )
    product = await client.v1.products.create_async({"name": "Signing"})
    common: Any = {"product": product.id, "currency": "usd"}
    plans = [
        await client.v1.prices.create_async(
            {**common, "unit_amount": cents, "nickname": name, "recurring": {"interval": "month"}}
        )
        for name, cents in (("Pro", 5000), ("Large", 20000))
    ]
    tiers: Any = [
        {"up_to": 100, "unit_amount": 0},
        {"up_to": 1100, "unit_amount_decimal": "0.5"},
        {"up_to": "inf", "unit_amount_decimal": "0.3"},
    ]
    signs = await client.v1.prices.create_async(
        {
            **common,
            "nickname": "Signs",
            "billing_scheme": "tiered",
            "tiers_mode": "graduated",
            "tiers": tiers,
            "lookup_key": "signs",
            "recurring": {"interval": "month", "usage_type": "metered", "meter": meter.id},
        }
    )
    return Catalogue(meter, plans[0], plans[1], signs)


@pytest.fixture
async def payer(client: stripe.StripeClient) -> stripe.Customer:
    """A customer with a card that works."""
    return await client.v1.customers.create_async(
        {
            "name": "Acme",
            "email": "billing@example.com",
            "payment_method": "pm_card_visa",
            "invoice_settings": {"default_payment_method": "pm_card_visa"},
        }
    )
