"""One worker's duties about usage in the test's own process, done one round at a time."""

import secrets
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from service.config import Config
from service.domain.c2pa_facts import EventType
from service.domain.usage import UsageEvent
from service.ledger import keys
from service.ledger.dead_letters import DeadLetters
from service.ledger.ingest import UsageIntake
from service.ledger.outbox import Outbox
from service.ledger.sent import SentReader
from service.metering.office import open_office
from service.payments.gateway import StripeGateway
from service.telemetry.pipeline import create_resource, create_telemetry
from tests.service.conftest import CATALOG, points_of

HOUR = timedelta(hours=1)


class Desk:
    """The duties, the ledger and the sandbox that they work with, and the time that the test moves."""

    def __init__(self, config, ledger, gateway, telemetry, metrics, stripe):
        self.now = datetime.now(UTC)
        self.ledger = ledger
        self.gateway = gateway
        self.stripe = stripe
        self.outbox = Outbox(ledger)
        self.office = open_office(config, ledger, gateway, telemetry, lambda: self.now)
        self._metrics = metrics
        self._intake = UsageIntake(ledger, CATALOG)

    async def customer(self):
        return await self.gateway.create_customer(
            secrets.token_hex(16), "Example", "billing@example.com", secrets.token_hex(16)
        )

    async def use(self, tenant, units=1, hours_ago=2):
        """Report usage; returns its hour."""
        moment = (self.now - hours_ago * HOUR).replace(minute=0, second=0, microsecond=0)
        event = UsageEvent(secrets.token_hex(8), EventType.SIGN_EVENTS, units, moment, {})
        await self._intake.take(tenant.tenant_id, [event], self.now)
        return keys.hour_of(moment)

    async def dead(self, tenant):
        """Reasons of the tenant's dead letters."""
        letters, _ = await DeadLetters(self.ledger).page(keys.shard_of(tenant.tenant_id), None, 100)
        return [letter.reason for letter in letters]

    async def delivered(self, tenant, hour):
        sent = await SentReader(self.ledger).sent(tenant.tenant_id, hour[:7])
        return sent.delivered.get((hour, EventType.SIGN_EVENTS), 0)

    async def counted(self):
        """Values that the sandbox counted."""
        return [int(event["payload"]["value"]) for event in (await self.stripe.state())["meter_events"]]

    def asked(self):
        return [request.form["identifier"] for request in self.stripe.asked("POST", "/v1/billing/meter_events")]

    def figure(self, name, **attributes):
        """The value of a metric's point; its attributes' names have underscores here."""
        for found, point in points_of(self._metrics, name).items():
            if {key.replace(".", "_"): value for key, value in found} == attributes:
                return point.value
        return None


@asynccontextmanager
async def open_desk(environment, ledger, redis_port, stripe, **overrides):
    """A desk that owns all shards."""
    config = Config.from_env(environment(redis_port, SEAL_GRACE_SECONDS="0", **overrides))
    metrics = InMemoryMetricReader()
    telemetry = create_telemetry(create_resource("test", "test"), [metrics], [])
    gateway = StripeGateway(config.stripe, config.billing.price_ids, telemetry)
    desk = Desk(config, ledger, gateway, telemetry, metrics, stripe)
    await desk.office.shares.once()
    try:
        yield desk
    finally:
        await desk.office.close()
        await gateway.close()
