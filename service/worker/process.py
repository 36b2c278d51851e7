"""The process behind `billing worker`; the only place where its parts are wired."""

import asyncio
import logging
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from service import heap
from service.app import service_version, utc_now
from service.config import Config
from service.domain.lifecycle import load_lifecycle
from service.fitness import fit_redis
from service.ledger.connection import Ledger, connect
from service.ledger.event_notes import EventNotes
from service.ledger.leases import Leases
from service.ledger.reviews import Reviews
from service.ledger.tenants import TenantBook
from service.ledger.webhook_queue import WebhookQueue
from service.metering.office import MeteringOffice, open_office
from service.payments.gateway import StripeGateway
from service.server import TELEMETRY_SHUTDOWN_SECONDS, start_telemetry
from service.telemetry.logs import log_event
from service.telemetry.loop_lag import watch_loop
from service.telemetry.pipeline import Telemetry
from service.worker.duty import Duty, fulfil
from service.worker.effects import Effects
from service.worker.reviews import EnlistDuty, ReviewDuty
from service.worker.standings import Standings
from service.worker.webhooks import BacklogDuty, WebhookDuty

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Worker:
    """The duties, and what they work with."""

    duties: tuple[Duty, ...]
    metering: MeteringOffice
    ledger: Ledger
    gateway: StripeGateway

    async def close(self) -> None:
        """The shards are handed over first, so that another worker goes on at once."""
        await self.metering.close()
        await self.gateway.close()
        await self.ledger.close()


def build_worker(config: Config, telemetry: Telemetry, clock: Callable[[], datetime] = utc_now) -> Worker:
    """Build the worker; it connects to nothing before it works."""
    ledger = Ledger(connect(config.redis), telemetry)
    gateway = StripeGateway(config.stripe, config.billing.price_ids, telemetry)
    reviews, queue = Reviews(ledger), WebhookQueue(ledger)
    standings = Standings(TenantBook(ledger), gateway, Leases(ledger), reviews, load_lifecycle(), clock)
    effects = Effects(standings, EventNotes(ledger), gateway)
    metering = open_office(config, ledger, gateway, telemetry, clock)
    duties: tuple[Duty, ...] = (
        *metering.duties,
        WebhookDuty(queue, effects, telemetry, config.telemetry.instance_id, clock),
        BacklogDuty(queue, telemetry.instruments, clock),
        ReviewDuty(reviews, standings, clock),
        EnlistDuty(reviews, clock),
    )
    return Worker(duties, metering, ledger, gateway)


async def work(config: Config) -> None:
    """Work until SIGTERM or SIGINT, then finish what is under way and flush telemetry; raises UnfitRedisError."""
    config = replace(config, telemetry=replace(config.telemetry, instance_id=f"{config.telemetry.instance_id}:worker"))
    telemetry = start_telemetry(config)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    try:
        async with fit_redis(config.redis, telemetry):
            watching = asyncio.create_task(watch_loop(telemetry.instruments.loop_lag))
            await _work_until(stopping, build_worker(config, telemetry))
            watching.cancel()
    finally:
        await asyncio.to_thread(telemetry.shutdown, TELEMETRY_SHUTDOWN_SECONDS)


async def _work_until(stopping: asyncio.Event, worker: Worker) -> None:
    heap.settle()
    log_event(_log, logging.INFO, "worker.started", "working", {"service.version": service_version()})
    try:
        await fulfil(worker.duties, stopping)
    finally:
        await worker.close()
        log_event(_log, logging.INFO, "worker.stopped", "stopped", {})
