"""The whole service in one process, with time and webhooks in the test's hands."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

from aiohttp import ClientSession, web
from stripe import WebhookSignature

from chaos.lab import limits
from chaos.lab.stripe_sandbox.app import build_app as build_sandbox
from chaos.lab.stripe_sandbox.webhooks import Endpoint
from service.app import build_app
from service.config import Config, StripeConfig
from service.domain.catalog import licensed_lookup_key, load_catalog
from service.domain.tenant import Plan
from service.domain.webhook_event import HANDLED
from service.ledger import keys
from service.payments.catalog_sync import connected, sync_catalog
from service.runner import Runner
from service.telemetry.pipeline import create_resource, create_telemetry
from service.worker.process import build_worker
from tests.service.conftest import API_KEY_SECRET, JWT_SECRET, WEBHOOK_SECRET, RedisServer

REPETITIONS = 5
BIRTH = int(datetime(2026, 11, 3, 10, 20, tzinfo=UTC).timestamp())


class Time:
    """One time for everybody; it stands still until it is moved."""

    def __init__(self):
        self.now = BIRTH

    def seconds(self):
        return float(self.now)

    def clock(self):
        return datetime.fromtimestamp(self.now, UTC)


class Mailroom:
    """Takes what Stripe sends and keeps it by customer, to be delivered in whatever order."""

    def __init__(self):
        self.held = {}

    async def take(self, request):
        event = await request.json()
        if event["type"] in HANDLED:
            self.held.setdefault(_customer(event), []).append(event)
        return web.Response()

    def collect(self, customer_id):
        """The customer's events since the last time, in the order in which they happened."""
        return self.held.pop(customer_id, [])


class World:
    """`api` and `stripe` are clients with base URLs; `work` and `review` let the workers do what there is to do."""

    def __init__(self, time, mailroom, redis, api, stripe, workers):
        self.time = time
        self.mailroom = mailroom
        self.redis = redis
        self.api = api
        self._stripe = stripe
        self.gateway = workers[0].gateway
        self._workers = [{duty.name: duty for duty in worker.duties} for worker in workers]

    async def stripe(self, method, path, **form):
        async with self._stripe.request(method, path, data=form) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def control(self, path, document):
        async with self._stripe.post(f"/_sandbox/{path}", json=document) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def move_to(self, moment):
        """Move everybody's time; Stripe does what becomes due on the way."""
        self.time.now = moment
        await self.control("clock", {"now": moment})
        await self.control("webhooks/flush", {})

    async def deliver(self, event, forgotten=False):
        """Post an event as Stripe does; with `forgotten`, as if it had come so long ago that nobody remembers."""
        if forgotten:
            self.redis.delete(keys.webhook_seen(event["id"]))
        body = json.dumps(event)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": WebhookSignature.generate_signature_header(body, WEBHOOK_SECRET, self.time.now),
        }
        status, answer = await self.ask("POST", "/webhooks/stripe", data=body, headers=headers)
        assert status == 200, answer

    async def ask(self, method, path, **request):
        """Ask the API; on a slow machine a request may have to be repeated, as clients and Stripe do."""
        for _ in range(REPETITIONS):
            async with self.api.request(method, path, **request) as response:
                status, answer = response.status, await response.json()
            if status != 503:
                break
        return status, answer

    async def work(self):
        """Let every queued webhook take effect; where one is postponed, time passes."""
        while self.redis.xlen(keys.WEBHOOK_QUEUE) or self.redis.zcard(keys.WEBHOOKS_POSTPONED):
            await asyncio.gather(*(duties["webhooks"].once() for duties in self._workers))
            if self.redis.zcard(keys.WEBHOOKS_POSTPONED):
                self.time.now += 1
        assert self.redis.xlen(keys.WEBHOOKS_DEAD) == 0

    async def review(self):
        """Look at every tenant whose review is due."""
        while any(await asyncio.gather(*(duties["reviews"].once() for duties in self._workers))):
            pass


@asynccontextmanager
async def created(folder) -> AsyncIterator[World]:
    """A world with a Valkey of its own in `folder`, an empty Stripe account with the catalogue, API and two workers."""
    time, mailroom = Time(), Mailroom()
    async with AsyncExitStack() as stack:
        redis = RedisServer(folder)
        redis.start()
        stack.callback(redis.kill)
        office = web.Application()
        office.router.add_post("/", mailroom.take)
        endpoint = Endpoint(await _served(stack, web.AppRunner(office)), WEBHOOK_SECRET)
        stripe_url = await _served(stack, web.AppRunner(build_sandbox(endpoint, time.seconds)))
        config = Config.from_env(await _environment(folder, redis.port, stripe_url))
        telemetry = create_telemetry(create_resource("test", "test"), [], [])
        api_url = await _served(stack, Runner(build_app(config, telemetry, time.clock)))
        workers = [build_worker(config, telemetry, time.clock) for _ in range(2)]
        for worker in workers:
            stack.push_async_callback(worker.close)
        api = await stack.enter_async_context(ClientSession(api_url))
        key = {"Authorization": f"Bearer {config.stripe.secret_key}"}
        stripe = await stack.enter_async_context(ClientSession(stripe_url, headers=key))
        yield World(time, mailroom, redis.client(), api, stripe, workers)


async def _served(stack, runner):
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"


async def _environment(folder, redis_port, stripe_url):
    async with connected(StripeConfig(stripe_url, "sk_test_example")) as client:
        synced = await sync_catalog(client, load_catalog(), lambda _: None)
    return {
        "API_KEY_SECRET": API_KEY_SECRET,
        "JWT_SECRET": JWT_SECRET,
        "REDIS_PORT": str(redis_port),
        **limits.AMPLE,
        "STRIPE_SECRET_KEY": "sk_test_example",
        "STRIPE_API_BASE": stripe_url,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "DATA_DIR": str(folder / "data"),
        "PUBLIC_URL": "https://billing.example.com",
        **{f"STRIPE_{plan.upper()}_PRICE_ID": synced.price_ids[licensed_lookup_key(plan)] for plan in Plan},
    }


def _customer(event):
    data = event["data"]
    return data["object"].get("customer") or data.get("previous_attributes", {}).get("customer")
