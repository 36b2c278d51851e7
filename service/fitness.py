"""Refuses at start to keep money in a Redis that could lose it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.config import RedisConfig
from service.errors import LedgerUnavailableError
from service.ledger.connection import Ledger, connect
from service.ledger.durability import Fault, find_obstacles, refused
from service.telemetry.logs import log_event
from service.telemetry.pipeline import Telemetry

RECHECK_SECONDS = 5.0

_log = logging.getLogger(__name__)


class UnfitRedisError(Exception):
    """The servers answer and are unfit; `faults` says in what."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


@asynccontextmanager
async def fit_redis(redis: RedisConfig, telemetry: Telemetry) -> AsyncIterator[None]:
    """Raise UnfitRedisError where Redis is unfit and that is not allowed.

    A Redis that does not answer yet is no reason not to start: it is looked at as soon as it does, and what is wrong
    is logged, as `/health` tells it too.
    """
    later = None
    try:
        admit(await _inspect(redis, telemetry), redis)
    except LedgerUnavailableError as error:
        attributes = {"server.address": redis.address, "error.cause": repr(error.__cause__)}
        log_event(_log, logging.WARNING, "redis.unchecked", "Redis does not answer; it is checked later", attributes)
        later = asyncio.create_task(_inspect_later(redis, telemetry))
    try:
        yield
    finally:
        if later is not None:
            later.cancel()
            await asyncio.gather(later, return_exceptions=True)


def admit(faults: list[Fault], redis: RedisConfig) -> None:
    """Log what is allowed; raises UnfitRedisError for the rest."""
    if refusals := refused(faults, redis.allow_volatile):
        raise UnfitRedisError(refusals)
    _report(faults, logging.WARNING)


async def _inspect(redis: RedisConfig, telemetry: Telemetry) -> list[Fault]:
    ledger = Ledger(connect(redis), telemetry)
    try:
        return await find_obstacles(ledger)
    finally:
        await ledger.close()


async def _inspect_later(redis: RedisConfig, telemetry: Telemetry) -> None:
    while True:
        await asyncio.sleep(RECHECK_SECONDS)
        try:
            return _report(await _inspect(redis, telemetry), logging.ERROR)
        except LedgerUnavailableError:
            continue


def _report(faults: list[Fault], level: int) -> None:
    for fault in faults:
        attributes = {
            "server.address": fault.address,
            "redis.setting": fault.setting,
            "redis.setting.value": fault.value,
        }
        log_event(_log, level, "redis.unfit", str(fault), attributes)
