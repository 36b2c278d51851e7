"""Two `billing worker` processes on a real Valkey, before the Stripe sandbox: one is stopped, one is killed."""

import asyncio
import json
import os
import secrets
import signal
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from service.config import StripeConfig
from service.domain.c2pa_facts import EventType
from service.domain.usage import UsageEvent
from service.ledger import keys
from service.ledger.ingest import UsageIntake
from service.payments.gateway import StripeGateway
from service.telemetry.pipeline import create_resource, create_telemetry
from tests.service.conftest import CATALOG

LEASE_SECONDS = 6
NOW = datetime.now(UTC)
METER_EVENTS = "/v1/billing/meter_events"


class Works:
    """A ledger with billed usage in it, and the workers that send it."""

    def __init__(self, redis_server, ledger, stripe, environment, tenants):
        self.redis_server = redis_server
        self.redis = redis_server.client()
        self.intake = UsageIntake(ledger, CATALOG)
        self.stripe = stripe
        self.environment = environment
        self.tenants = tenants
        self.processes = []

    async def use(self, hours_ago, units=1):
        """Each tenant used so many units in that hour."""
        moment = NOW.replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours_ago)
        for tenant in self.tenants:
            event = UsageEvent(secrets.token_hex(8), EventType.SIGN_EVENTS, units, moment, {})
            await self.intake.take(tenant.tenant_id, [event], NOW)

    async def hire(self, name, per_second=20):
        """Start a worker whose requests can be told from those of others by its key."""
        settings = {
            "STRIPE_SECRET_KEY": f"sk_test_{name}",
            "OTEL_SERVICE_INSTANCE_ID": name,
            "WORKER_LEASE_SECONDS": str(LEASE_SECONDS),
            "STRIPE_METER_EVENTS_PER_SECOND": str(per_second),
            "SEAL_GRACE_SECONDS": "0",
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "service", "worker"),
            env={"PATH": os.environ["PATH"], **self.environment(self.redis_server.port, **settings)},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        self.processes.append(process)
        return process

    def owners(self):
        """Workers by name, with the number of shards that each one owns."""
        found = [self.redis.hget(keys.shard_lease(shard), "owner") for shard in range(keys.SHARDS)]
        return Counter(owner.partition(":")[0] for owner in found if owner)

    def sent(self):
        return self.stripe.asked("POST", METER_EVENTS)

    def senders(self):
        return [request.headers["Authorization"].removeprefix("Bearer sk_test_") for request in self.sent()]

    def under_way(self, count):
        """What the last of so many requests was about: its answer may never have been read."""
        return {request.form["identifier"] for request in self.sent()[count - 1 : count]}

    def unsent(self):
        return sum(self.redis.zcard(keys.unsent(shard)) + self.redis.hlen(keys.unsealed(shard)) for shard in range(16))

    async def until(self, condition, seconds=20):
        """Wait for it; returns the seconds that it took."""
        started = time.monotonic()
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.05)
        return time.monotonic() - started

    async def counted(self):
        """Units that the sandbox counted, by identifier."""
        taken = (await self.stripe.state())["meter_events"]
        return {event["identifier"]: int(event["payload"]["value"]) for event in taken}

    async def dismiss(self):
        for process in self.processes:
            if process.returncode is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                await process.wait()


@pytest.fixture
async def works(own_redis, open_ledger, stripe, environment, enroll):
    ledger = open_ledger(own_redis.port)
    telemetry = create_telemetry(create_resource("test", "test"), [], [])
    gateway = StripeGateway(StripeConfig(f"http://127.0.0.1:{stripe.port}", "sk_test_example"), {}, telemetry)
    tenants = []
    for number in range(8):
        tenant_id = f"{2 * number:02x}" + secrets.token_hex(15)
        customer_id = await gateway.create_customer(tenant_id, "Example", "billing@example.com", tenant_id)
        tenants.append((await enroll(ledger, tenant_id=tenant_id, customer_id=customer_id))[0])
    await gateway.close()
    works = Works(own_redis, ledger, stripe, environment, tenants)
    yield works
    await works.dismiss()


@pytest.mark.long
async def test_a_stopped_worker_sends_nothing_when_it_wakes_and_a_killed_one_is_replaced(works):
    await works.use(hours_ago=3)
    await works.use(hours_ago=2)
    first = await works.hire("first", per_second=5)
    await works.until(lambda: len(works.sent()) >= 2)
    first.send_signal(signal.SIGSTOP)
    under_way = len(works.sent())
    second = await works.hire("second", per_second=5)
    await works.until(lambda: works.unsent() == 0)
    assert works.owners() == {"second": keys.SHARDS}
    first.send_signal(signal.SIGCONT)

    second.kill()
    killed_at = time.monotonic()
    await works.until(lambda: works.owners() == {"first": keys.SHARDS})
    assert time.monotonic() - killed_at <= LEASE_SECONDS + 1
    assert set(works.senders()[under_way:]) == {"second"}
    asked = Counter(request.form["identifier"] for request in works.sent())
    assert {identifier for identifier, times in asked.items() if times > 1} <= works.under_way(under_way)

    await works.use(hours_ago=1)
    await works.until(lambda: works.unsent() == 0)
    assert set((await works.counted()).values()) == {1}
    assert len(await works.counted()) == 3 * len(works.tenants)


@pytest.mark.long
async def test_an_outage_drains_in_order_within_the_rate(works):
    per_second = 20
    for hours_ago in (4, 3, 2, 1):
        await works.use(hours_ago)
    works.stripe.status = 500
    worker = await works.hire("only", per_second)
    await works.until(lambda: len(works.sent()) >= 5)
    await asyncio.sleep(2.5)
    during = len(works.sent())
    assert during < 12  # the circuit breaker lets one through in two seconds
    works.stripe.status = 200
    started = time.monotonic()
    await works.until(lambda: works.unsent() == 0)
    lasted = time.monotonic() - started

    after = works.sent()[during:]
    assert len(after) <= per_second * (lasted + 1) + 1
    counted = (await works.stripe.state())["meter_events"]
    assert len(counted) == 4 * len(works.tenants)
    for tenant in works.tenants:
        own = [event["timestamp"] for event in counted if event["payload"]["stripe_customer_id"] == tenant.customer_id]
        assert own == sorted(own)
    worker.terminate()
    async with asyncio.timeout(8):
        assert await worker.wait() == 0
    assert works.owners() == {}
    archived = json.dumps([works.redis.hgetall(keys.archive(shard)) for shard in range(keys.SHARDS)])
    assert "last_id" in archived
