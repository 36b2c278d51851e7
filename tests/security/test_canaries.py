"""Planted secrets, by place and sink: none comes out of the real processes in any log, span, metric, AOF or archive.

| place | how it is planted | sinks |
|---|---|---|
| header | Authorization, Cookie, a custom one | all |
| query | a parameter's value and its name | all |
| free text | name, label, reason, property | all; refused |
| unknown field | name and value | all |
| exception | what Stripe answers, in the error's text and its cause | all |
| Redis value | a tenant's field that is no value of its kind | all but the AOF, where it was planted |
"""

import asyncio
import contextlib
import json
import sys
from collections import Counter
from datetime import UTC, datetime

import pytest
import redis
from aiohttp import ClientSession

from service.ledger import keys
from tests.security.canaries import Receiver, found, made
from tests.security.server import Server
from tests.service.conftest import API_KEY_SECRET, JWT_SECRET, RedisServer, stripe

__all__ = ["stripe"]

SINKS = ("stdout", "traces", "logs", "metrics", "AOF", "archive")
PLACES = ("header", "query", "free text", "unknown field", "exception", "Redis value")
REDIS_PASSWORD = "canary/Redis-password.of+tests-0123456789"
OWN = {"JWT_SECRET": JWT_SECRET, "API_KEY_SECRET": API_KEY_SECRET, "Redis password": REDIS_PASSWORD}
REFUSAL = b"must not hold a secret"
EVENT = {"event_type": "sign_events", "value": 1}
TENANT = {"name": "Example", "email": "billing@example.com", "plan": "pro"}


class Scene:
    """A server and a worker before a Redis and a receiver, and what they wrote."""

    def __init__(self, folder, redis, receiver, stripe):
        self._folder, self._redis, self.receiver, self.stripe = folder, redis, receiver, stripe

    @contextlib.asynccontextmanager
    async def running(self):
        wanted = {
            "REDIS_PASSWORD": REDIS_PASSWORD,
            "STRIPE_API_BASE": f"http://127.0.0.1:{self.stripe.port}",
            **self.stripe.price_ids,
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.receiver.url,
            "OTEL_METRIC_EXPORT_INTERVAL": "200",
            "OTLP_REQUEST_LOGS": "all",
            "TRACE_SAMPLE_RATIO": "1",
            "TRACE_GAMEDAY": "true",
            "LOG_LEVEL": "debug",
        }
        server = Server(self._redis.port, self._folder, **wanted)
        with (self._folder / "worker.log").open("wb") as log:
            await server.start()
            worker = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "service", "worker"), env=server._env, stdout=log, stderr=log
            )
            try:
                async with ClientSession(f"http://127.0.0.1:{server.port}") as http:
                    yield http
            finally:
                worker.terminate()
                async with asyncio.timeout(15):
                    await worker.wait()
                await server.stop()

    def archive(self):
        return b"".join(path.read_bytes() for path in self._folder.glob("data/archive/**/*") if path.is_file())

    def sinks(self):
        return {
            "stdout": b"".join((self._folder / name).read_bytes() for name in ("serve.log", "worker.log")),
            **self.receiver.taken,
            "archive": self.archive(),
        }

    def kept(self):
        return b"".join(path.read_bytes() for path in (self._redis.folder / "appendonlydir").iterdir())


@pytest.fixture
def scene(tmp_path, stripe):
    folder = tmp_path / "valkey"
    folder.mkdir()
    server = RedisServer(folder)
    server.start()
    with server.client() as client:
        client.config_set("requirepass", REDIS_PASSWORD)
    receiver = Receiver()
    yield Scene(tmp_path, server, receiver, stripe)
    receiver.close()
    server.kill()


async def send(http, method, path, **request):
    async with http.request(method, path, **request) as response:
        return response.status, await response.read()


async def enter(http):
    status, body = await send(http, "POST", "/tenants", json=TENANT)
    assert status == 201, body
    created = json.loads(body)
    return created["tenant_id"], {"Authorization": f"Bearer {created['api_key']}"}


def event(**changes):
    return {"events": [{**EVENT, "event_id": "e1", "timestamp": datetime.now(UTC).isoformat(), **changes}]}


async def plant(scene, http, tenant, canary):
    """Put a canary into its place; what the answer was."""
    tenant_id, headers = tenant
    value, account = canary.value, f"/tenants/{tenant_id}"
    match canary.place:
        case "header":
            bearing = {"Authorization": f"Bearer {value}", "Cookie": f"__Host-session={value}"}
            custom = {"X-GameDay": value, "Idempotency-Key": value, "X-Custom": value, "User-Agent": value}
            label = {"label": "spare"}
            return [
                await send(http, "GET", account, headers={**bearing, **custom}),
                await send(http, "POST", f"{account}/keys", json=label, headers={**headers, **custom}),
            ]
        case "query":
            return [await send(http, "GET", account, params={"cursor": value, value: "x"}, headers=headers)]
        case "free text":
            correction = {**EVENT, "correction_id": "c1", "timestamp": datetime.now(UTC).isoformat(), "reason": value}
            return [
                await send(http, "POST", "/tenants", json={**TENANT, "name": value}),
                await send(http, "PUT", account, json={**TENANT, "name": f"of {value}!"}, headers=headers),
                await send(http, "POST", f"{account}/keys", json={"label": value}, headers=headers),
                await send(http, "POST", f"/usage/{tenant_id}/corrections", json=correction, headers=headers),
                await send(http, "POST", "/usage/report", json=event(properties={"note": value}), headers=headers),
                await send(http, "POST", "/usage/report", json=event(properties={value: "note"}), headers=headers),
            ]
        case "unknown field":
            return [
                await send(http, "POST", "/tenants", json={**TENANT, "card": value, value: 1}),
                await send(http, "POST", "/usage/report", json=event(card=value), headers=headers),
                await send(http, "POST", "/tenants", data=value, headers={"Content-Type": "application/json"}),
            ]
        case "exception":
            scene.stripe.says, answers = f"no such customer: {value}", []
            for scene.stripe.status in (400, 401):
                answers.append(await send(http, "GET", "/billing/invoices", headers=headers))
            return answers
    with redis.Redis(port=scene._redis.port, password=REDIS_PASSWORD) as client:
        client.hset(keys.tenant(tenant_id), "plan", value)
    return [await send(http, "GET", account, headers=headers)]


def looks(canaries, sinks):
    """Each canary with the sinks that it is looked for in: not where it was planted."""
    for canary in canaries:
        own = {"AOF"} if canary.place == "Redis value" else set()
        yield canary, {name: content for name, content in sinks.items() if name not in own}


def test_each_canary_is_looked_for_everywhere_but_where_it_was_planted():
    canaries = [made(place, {})[0] for place in PLACES]
    looked = {canary.place: set(sinks) for canary, sinks in looks(canaries, dict.fromkeys(SINKS, b""))}
    assert looked.pop("Redis value") == set(SINKS) - {"AOF"}
    assert looked == {place: set(SINKS) for place in PLACES if place != "Redis value"}


async def test_no_planted_secret_comes_out_anywhere(scene, proves):
    canaries = [canary for place in PLACES for canary in made(place, {} if place == "free text" else OWN)]
    kept = b""
    async with scene.running() as http:
        tenant = await enter(http)
        status, body = await send(http, "POST", "/usage/report", json=event(event_id="good"), headers=tenant[1])
        assert (status, b"good" in body) == (200, True), body
        statuses = {place: Counter() for place in PLACES}
        for canary in canaries:
            answers = await plant(scene, http, tenant, canary)
            kept = kept if canary.place == "Redis value" else scene.kept()
            scene.stripe.status = 200
            statuses[canary.place].update(status for status, _ in answers)
            refusals = sum(REFUSAL in body or b"invalid_properties" in body for _, body in answers)
            assert refusals == (6 if canary.place == "free text" else 0), (canary, answers)
        async with asyncio.timeout(10):
            while not scene.archive():
                await asyncio.sleep(0.1)
    sinks = {**scene.sinks(), "AOF": kept}
    assert all(sinks[sink] for sink in SINKS)
    assert sinks.keys() == set(SINKS)
    looked = list(looks(canaries, sinks))
    leaks = [leak for canary, within in looked for leak in found([canary], within)]
    assert leaks == [], leaks
    assert statuses["header"][201] > 0
    assert sum(count for status, count in statuses["exception"].items() if status >= 500) == len(made("", OWN))
    assert statuses["Redis value"] == {500: len(made("", OWN))}
    assert sinks["stdout"].count(b'"exception.message"') >= statuses["Redis value"][500]
    proves("canaries-service", f"{sum(len(within) for _, within in looked)} pairs of a canary and a sink, 0 found")


@pytest.mark.parametrize("sink", SINKS)
def test_a_leak_would_be_found(sink):
    canary = made("header", OWN)[0]
    sinks = dict.fromkeys(SINKS, b"x") | {sink: f"before {canary.value} after".encode()}
    assert found([canary], sinks) == [("header", canary.kind, sink)]
