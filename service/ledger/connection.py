"""The one way to Redis: every operation is bounded in time, observed, and sent once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from service.config import REDIS_TIMEOUT_SECONDS, RedisConfig
from service.errors import LedgerUnavailableError
from service.ledger.scripts import Script
from service.telemetry.pipeline import Telemetry
from service.telemetry.tracing import observed_call

POOL_SIZE = 512

T = TypeVar("T")


class Operation(StrEnum):
    """Names of the operations in telemetry; the registry lists the same."""

    CREATE_TENANT = "create_tenant"
    READ_TENANT = "read_tenant"
    CHANGE_TENANT = "change_tenant"
    ADMIT_KEY = "admit_key"
    READ_KEYS = "read_keys"
    CHANGE_KEYS = "change_keys"
    READ_TRAIL = "read_trail"
    APPEND_TRAIL = "append_trail"
    BEGIN_REQUEST = "begin_request"
    COMPLETE_REQUEST = "complete_request"
    RELEASE_REQUEST = "release_request"
    COUNT_REQUESTS = "count_requests"
    READ_REQUESTS = "read_requests"
    KEEP_PENDING = "keep_pending"
    READ_PENDING = "read_pending"
    DROP_PENDING = "drop_pending"
    INGEST = "ingest"
    CORRECT = "correct"
    READ_USAGE = "read_usage"
    LEASE_TENANT = "lease_tenant"
    RELEASE_TENANT = "release_tenant"
    NOTE_EVENT = "note_event"
    SCHEDULE_REVIEW = "schedule_review"
    TAKE_REVIEWS = "take_reviews"
    PUT_WEBHOOK = "put_webhook"
    TAKE_WEBHOOKS = "take_webhooks"
    FINISH_WEBHOOK = "finish_webhook"
    READ_WEBHOOKS = "read_webhooks"
    CHECK = "check"


class Client(Protocol):
    """The part of redis-py that the ledger uses."""

    async def execute_command(self, *arguments: str | int) -> Any: ...

    async def aclose(self) -> None: ...


def connect(config: RedisConfig, timeout_seconds: float = REDIS_TIMEOUT_SECONDS) -> Client:
    """Make a client that connects when first used and never sends anything twice by itself.

    RESP2 is chosen on purpose: under RESP3 the pool hands out connections without looking for a stale reply first.
    """
    return Redis(
        host=config.host,
        port=config.port,
        db=config.db,
        password=config.password,
        ssl=config.tls,
        protocol=2,
        decode_responses=True,
        max_connections=POOL_SIZE,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        retry=Retry(NoBackoff(), 0),
        driver_info=None,
    )


class Ledger:
    """Runs commands and scripts; whatever goes wrong becomes LedgerUnavailableError."""

    def __init__(self, client: Client, telemetry: Telemetry) -> None:
        self._client = client
        self._telemetry = telemetry

    async def command(self, operation: Operation, *arguments: str) -> Any:
        return await self._run(operation, lambda: self._client.execute_command(*arguments))

    async def script(
        self, operation: Operation, script: Script, keys: Sequence[str], arguments: Sequence[str | int]
    ) -> Any:
        return await self._run(operation, lambda: self._evaluate(script, keys, arguments))

    async def close(self) -> None:
        await self._client.aclose()

    async def _evaluate(self, script: Script, keys: Sequence[str], arguments: Sequence[str | int]) -> Any:
        """A server that does not know the script has run nothing, so this one resend is safe."""
        call = ("EVALSHA", script.sha, len(keys), *keys, *arguments)
        try:
            return await self._client.execute_command(*call)
        except NoScriptError:
            await self._client.execute_command("SCRIPT LOAD", script.source)
            return await self._client.execute_command(*call)

    async def _run(self, operation: Operation, call: Callable[[], Awaitable[T]]) -> T:
        attributes = {"db.system.name": "redis", "db.operation.name": operation.value}
        duration = self._telemetry.instruments.ledger_duration
        try:
            with observed_call(self._telemetry.tracer, duration, f"redis {operation}", attributes):
                async with asyncio.timeout(REDIS_TIMEOUT_SECONDS):
                    return await call()
        except (RedisError, OSError, TimeoutError) as error:
            raise LedgerUnavailableError from error
