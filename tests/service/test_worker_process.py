"""`billing worker` as a process of its own."""

import asyncio
import json
import os
import sys
import time

import pytest
from stripe import WebhookSignature

from service.ledger import keys
from tests.service.conftest import WEBHOOK_SECRET

STOP_SECONDS = 10


class WorkerProcess:
    def __init__(self, process):
        self.process = process

    async def until(self, event_name):
        """Return the log line of that event."""
        async with asyncio.timeout(20):
            while True:
                line = json.loads(await self.process.stdout.readline())
                if line["EventName"] == event_name:
                    return line

    async def stop(self):
        """Return the exit code and how long the process took to end."""
        started = time.monotonic()
        self.process.terminate()
        async with asyncio.timeout(STOP_SECONDS):
            _, errors = await self.process.communicate()
        assert errors == b""
        return self.process.returncode, time.monotonic() - started


@pytest.fixture
async def start_worker(environment):
    processes = []

    async def start(redis_port, **overrides):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "service", "worker"),
            env={"PATH": os.environ["PATH"], **environment(redis_port, **overrides)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        processes.append(process)
        return WorkerProcess(process)

    yield start
    for process in processes:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def send(service, customer_id):
    event = {
        "object": "event",
        "id": "evt_1",
        "type": "invoice.paid",
        "created": int(time.time()),
        "data": {"object": {"id": "in_1", "customer": customer_id, "amount_paid": 5}},
    }
    body = json.dumps(event)
    headers = {
        "Content-Type": "application/json",
        "Stripe-Signature": WebhookSignature.generate_signature_header(body, WEBHOOK_SECRET),
    }
    async with service.http.post("/webhooks/stripe", data=body, headers=headers) as response:
        assert response.status == 200


async def test_a_webhook_takes_effect_and_the_worker_stops_when_told(start_service, own_redis, start_worker):
    service, redis = await start_service(own_redis.port), own_redis.client()
    tenant_id, _ = await service.tenant()
    worker = await start_worker(own_redis.port)
    await worker.until("worker.started")
    await send(service, redis.hget(keys.tenant(tenant_id), "customer_id"))
    async with asyncio.timeout(10):
        while not [entry for _, entry in redis.xrange(keys.trail(tenant_id)) if entry["action"] == "invoice.paid"]:
            await asyncio.sleep(0.05)
    exit_code, seconds = await worker.stop()
    assert exit_code == 0
    assert seconds < STOP_SECONDS


async def test_a_worker_outlives_its_ledger(start_service, own_redis, start_worker):
    service = await start_service(own_redis.port)
    tenant_id, _ = await service.tenant()
    customer_id = own_redis.client().hget(keys.tenant(tenant_id), "customer_id")
    worker = await start_worker(own_redis.port)
    await worker.until("worker.started")
    own_redis.kill()
    assert (await worker.until("duty.failed"))["Attributes"]["error.type"] == "LedgerUnavailableError"
    own_redis.start()
    await send(service, customer_id)
    async with asyncio.timeout(10):
        while own_redis.client().xlen(keys.WEBHOOK_QUEUE):
            await asyncio.sleep(0.05)
    assert (await worker.stop())[0] == 0


async def test_a_bad_configuration_is_told_in_one_line_a_variable(start_worker, own_redis):
    worker = await start_worker(own_redis.port, STRIPE_WEBHOOK_SECRET="secret")
    _, errors = await worker.process.communicate()
    assert worker.process.returncode == 78
    assert errors.decode().startswith("billing: STRIPE_WEBHOOK_SECRET must be the signing secret")
