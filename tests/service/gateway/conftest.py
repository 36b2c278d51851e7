"""The Stripe sandbox behind a front that breaks what it is told to, and the gateway under a clock that stands still."""

import asyncio
import json
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chaos.lab.stripe_sandbox.app import build_app
from service.config import StripeConfig
from service.domain.catalog import licensed_lookup_key, load_catalog
from service.domain.tenant import Plan
from service.payments.catalog_sync import connected, sync_catalog
from service.payments.gateway import StripeGateway
from service.payments.persistence import Surroundings
from service.telemetry.pipeline import create_resource, create_telemetry

DAY_SECONDS = 24 * 3600
PRICE_IDS = {plan: f"price_{plan}" for plan in Plan}


class Front:
    """Passes requests on, except that each of `faults` befalls one of them; `amendments` change answers by path."""

    def __init__(self, target, http):
        self.faults = []
        self.requests = []
        self.amendments = {}
        self.url = ""
        self._target = target
        self._http = http

    def let_pass(self, count=1):
        """Nothing befalls the request."""
        self.faults += [self._pass_on] * count

    def lose_answers(self, count=1):
        """The request is carried out, and nobody hears of it."""
        self.faults += [self._lost] * count

    def drop_requests(self, count=1):
        """The connection breaks before the request is read."""
        self.faults += [self._dropped] * count

    def answer(self, status, count=1, **headers):
        """The request is answered with an error, and not carried out."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        async def refuse(_):
            return web.json_response({"error": {"type": "api_error", "message": "no"}}, status=status, headers=named)

        self.faults += [refuse] * count

    def hang(self):
        """There is no answer, for longer than anybody waits."""
        self.faults.append(self._hung)

    async def handle(self, request):
        await request.read()
        self.requests.append(request)
        fault = self.faults.pop(0) if self.faults else self._pass_on
        return await fault(request)

    async def _pass_on(self, request):
        headers = {name: value for name, value in request.headers.items() if name != "Host"}
        url = f"{self._target}{request.path_qs}"
        async with self._http.request(request.method, url, data=await request.read(), headers=headers) as answer:
            kept = {name: value for name, value in answer.headers.items() if name not in ("Content-Length", "Date")}
            amend = self.amendments.get(request.path, lambda document: document)
            body = json.dumps(amend(await answer.json()))
            return web.Response(text=body, status=answer.status, headers=kept)

    async def _lost(self, request):
        await self._pass_on(request)
        return await self._dropped(request)

    async def _dropped(self, request):
        request.transport.abort()
        return web.Response()

    async def _hung(self, _):
        await asyncio.sleep(60)


@dataclass
class StillTime:
    """Time that passes only while somebody sleeps; jitter always draws the most."""

    now: float = 0.0
    pauses: list = field(default_factory=list)

    async def sleep(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds

    def surroundings(self):
        return Surroundings(lambda: self.now, self.sleep, lambda _, high: high)


@pytest.fixture
def still():
    return StillTime()


@pytest.fixture
async def sandbox_url():
    async with TestServer(build_app()) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
async def front(sandbox_url):
    async with AsyncExitStack() as stack:
        front = Front(sandbox_url, await stack.enter_async_context(aiohttp.ClientSession()))
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", front.handle)
        server = await stack.enter_async_context(TestServer(app, shutdown_timeout=0))
        front.url = str(server.make_url("")).rstrip("/")
        yield front


class Recorder:
    """What the gateway's telemetry says."""

    def __init__(self):
        self._metrics, self._spans = InMemoryMetricReader(), InMemorySpanExporter()
        processors = [SimpleSpanProcessor(self._spans)]
        self.telemetry = create_telemetry(create_resource("test", "test"), [self._metrics], processors)

    def counts(self, name):
        """Values that are not 0, by the attributes' values."""
        data = self._metrics.get_metrics_data()
        metrics = [m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics if m.name == name]
        points = [point for metric in metrics for point in metric.data.data_points]
        return {
            tuple(str(value) for value in point.attributes.values()): point.value for point in points if point.value
        }

    def spans(self):
        return self._spans.get_finished_spans()


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
async def gateway(front, recorder, still):
    gateway = StripeGateway(StripeConfig(front.url, "sk_test_x"), PRICE_IDS, recorder.telemetry, still.surroundings())
    yield gateway
    await gateway.close()


@pytest.fixture
async def client(sandbox_url):
    """Stripe's own client, straight to the sandbox."""
    async with connected(StripeConfig(sandbox_url, "sk_test_x")) as client:
        yield client


@pytest.fixture
async def stocked(client, front, recorder, still):
    """A gateway to a sandbox that holds the catalogue."""
    result = await sync_catalog(client, load_catalog(), lambda _: None)
    price_ids = {plan: result.price_ids[licensed_lookup_key(plan)] for plan in Plan}
    gateway = StripeGateway(StripeConfig(front.url, "sk_test_x"), price_ids, recorder.telemetry, still.surroundings())
    yield gateway
    await gateway.close()


@pytest.fixture
async def control(sandbox_url):
    """Does something to the sandbox from outside: `control("clock", advance_seconds=60)`."""
    async with aiohttp.ClientSession() as http:

        async def do(what, **document):
            async with http.post(f"{sandbox_url}/_sandbox/{what}", json=document) as answer:
                assert answer.status == 200, await answer.text()
                return await answer.json()

        yield do


class Tenant:
    """One tenant at Stripe, made through the gateway: a customer and a trial subscription."""

    tenant_id = "0123456789abcdef" * 2
    plan = Plan.STARTER

    def __init__(self, now):
        self.trial_ends_at = (now + 15 * DAY_SECONDS) // 3600 * 3600
        self.customer_id = self.subscription_id = ""

    async def subscribe(self, gateway):
        self.customer_id = await gateway.create_customer(self.tenant_id, "Example", "billing@example.com", "customer")
        self.subscription_id = await gateway.create_trial_subscription(
            self.tenant_id, self.customer_id, self.plan, self.trial_ends_at, "subscription"
        )
        return self


@pytest.fixture
async def tenant(stocked):
    return await Tenant(int(time.time())).subscribe(stocked)
