import asyncio
import contextlib
import json
import os
import socket
import sys
import time

import pytest
from aiohttp import ClientSession, web

EXPECTED_STOP_SECONDS = 10


class Process:
    """`billing serve` as a process of its own."""

    def __init__(self, process, port):
        self.process = process
        self.url = f"http://127.0.0.1:{port}"

    async def until_listening(self):
        line = json.loads(await self.process.stdout.readline())
        assert line["EventName"] == "service.started", line

    async def stop(self):
        """Return the exit code and how long the process took to end."""
        started = time.monotonic()
        self.process.terminate()
        async with asyncio.timeout(EXPECTED_STOP_SECONDS):
            await self.process.communicate()
        return self.process.returncode, time.monotonic() - started


@pytest.fixture
async def serve():
    processes = []

    async def start(env):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "service", "serve"),
            env={"PATH": os.environ["PATH"], **env},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        processes.append(process)
        return Process(process, env.get("PORT", "3002"))

    yield start
    for process in processes:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


class FakeCollector:
    """Receives OTLP over HTTP, or keeps the sender waiting."""

    def __init__(self, *, hangs):
        self.hangs = hangs
        self.received = {}
        self.address = None

    async def handle(self, request):
        if self.hangs:
            await asyncio.sleep(30)
        body = await request.read()
        self.received[request.path] = self.received.get(request.path, b"") + body
        return web.Response()


@contextlib.asynccontextmanager
async def collector(*, hangs):
    fake = FakeCollector(hangs=hangs)
    app = web.Application()
    app.router.add_post("/{path:.*}", fake.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield fake
    await runner.cleanup()


async def test_a_bad_configuration_is_told_in_full_before_anything_listens(serve):
    port = unused_port()
    server = await serve({"PORT": port, "STRIPE_SECRET_KEY": "wrong-value", "LOG_LEVEL": "loud"})
    _, told = await server.process.communicate()
    assert server.process.returncode == 78
    lines = told.decode().splitlines()
    assert {"STRIPE_SECRET_KEY", "LOG_LEVEL", "API_KEY_SECRET"} < {line.split()[1] for line in lines}
    assert "wrong-value" not in told.decode()


async def test_a_taken_port_is_told_in_one_line(serve, environment, shared_redis):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        server = await serve(environment(shared_redis.port, PORT=str(holder.getsockname()[1])))
        _, told = await server.process.communicate()
    assert server.process.returncode == 2
    assert "cannot listen on 127.0.0.1:" in told.decode()
    assert len(told.decode().splitlines()) == 1


async def test_sigterm_finishes_the_request_in_flight_and_flushes_telemetry(serve, environment, shared_redis, stripe):
    async with collector(hangs=False) as collected:
        port = unused_port()
        env = environment(shared_redis.port, PORT=port, OTEL_EXPORTER_OTLP_ENDPOINT=collected.address)
        server = await serve(env)
        await server.until_listening()
        stripe.delay_seconds = 0.5
        body = {"name": "Example", "email": "billing@example.com", "plan": "pro"}
        async with ClientSession(server.url) as http:
            in_flight = asyncio.create_task(http.post("/tenants", json=body))
            await asyncio.sleep(0.2)
            code, _ = await server.stop()
            assert (await in_flight).status == 201
        assert code == 0
    assert set(collected.received) == {"/v1/metrics", "/v1/traces", "/v1/logs"}
    assert b"http.server.request.duration" in collected.received["/v1/metrics"]
    assert b"POST /tenants" in collected.received["/v1/traces"]
    assert b"service.stopping" in collected.received["/v1/logs"]


async def test_a_hung_collector_holds_up_neither_requests_nor_the_end(serve, environment, shared_redis):
    async with collector(hangs=True) as collected:
        env = environment(
            shared_redis.port,
            PORT=unused_port(),
            OTEL_EXPORTER_OTLP_ENDPOINT=collected.address,
            OTEL_METRIC_EXPORT_INTERVAL="100",
        )
        server = await serve(env)
        await server.until_listening()
        await asyncio.sleep(0.3)
        async with ClientSession(server.url) as http:
            started = time.monotonic()
            async with http.get("/nowhere") as response:
                assert response.status == 404
            assert time.monotonic() - started < 0.3
        code, seconds = await server.stop()
    assert code == 0
    assert seconds < 5


@pytest.mark.long
async def test_sigterm_ends_it_in_time_with_requests_in_flight_and_a_hung_collector(
    serve, environment, shared_redis, stripe
):
    async with collector(hangs=True) as collected:
        port = unused_port()
        env = environment(shared_redis.port, PORT=port, OTEL_EXPORTER_OTLP_ENDPOINT=collected.address)
        server = await serve(env)
        await server.until_listening()
        stripe.delay_seconds = 1.0
        body = {"name": "Example", "email": "billing@example.com", "plan": "pro"}
        idle = [await asyncio.open_connection("127.0.0.1", int(port)) for _ in range(5)]
        async with ClientSession(server.url) as http:
            in_flight = [asyncio.create_task(http.post("/tenants", json=body)) for _ in range(5)]
            async with asyncio.timeout(5):
                while len(stripe.asked("POST", "/v1/customers")) < 5:
                    await asyncio.sleep(0.01)
            code, seconds = await server.stop()
            assert [(await answered).status for answered in in_flight] == [201] * 5
        for _, writer in idle:
            writer.close()
    assert code == 0
    assert seconds < EXPECTED_STOP_SECONDS
