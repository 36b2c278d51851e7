"""The sandbox on a free loopback port, and Stripe's own client pointed at it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest
import stripe
from aiohttp.test_utils import TestServer

from chaos.lab.stripe_sandbox.app import build_app

START = 1_790_000_000.0


@dataclass
class StillClock:
    """Time that passes only when told to (unix seconds)."""

    now: float = START

    def __call__(self) -> float:
        return self.now


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
    yield stripe.StripeClient(
        "sk_test_sandbox", http_client=http_client, base_addresses={"api": url}, max_network_retries=0
    )
    await http_client.close_async()
