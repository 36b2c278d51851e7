"""The one way to Redis: every operation is bounded in time, observed, and sent once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from redis.exceptions import NoScriptError, RedisError

from service.config import REDIS_TIMEOUT_SECONDS
from service.errors import LedgerUnavailableError
from service.ledger.scripts import Script
from service.ledger.servers import Client, connect
from service.telemetry.pipeline import Telemetry
from service.telemetry.spans import Span
from service.telemetry.tracing import observed_call

__all__ = ["Client", "Ledger", "Operation", "connect"]

T = TypeVar("T")


class Operation(StrEnum):
    """Names of the operations in telemetry; the registry lists the same."""

    CREATE_TENANT = "create_tenant"
    READ_TENANT = "read_tenant"
    CHANGE_TENANT = "change_tenant"
    ADMIT_KEY = "admit_key"
    TOUCH_KEY = "touch_key"
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
    BURN_SESSION = "burn_session"
    READ_SESSION = "read_session"
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
    JOIN_WORKERS = "join_workers"
    LEAVE_WORKERS = "leave_workers"
    PACE_CALLS = "pace_calls"
    LIST_TENANTS = "list_tenants"
    READ_JOURNAL = "read_journal"
    ARCHIVE_JOURNAL = "archive_journal"
    LEASE_SHARD = "lease_shard"
    RENEW_SHARD = "renew_shard"
    RELEASE_SHARD = "release_shard"
    SEAL = "seal"
    READ_UNSEALED = "read_unsealed"
    BEGIN_SEND = "begin_send"
    END_SEND = "end_send"
    READ_OUTBOX = "read_outbox"
    SETTLE_DEAD = "settle_dead"
    TAKE_QUOTA = "take_quota"
    CHECK = "check"


_DESCRIBED = {
    operation: (f"redis {operation}", {"db.system.name": "redis", "db.operation.name": operation.value})
    for operation in Operation
}


class Ledger:
    """Runs commands and scripts; whatever goes wrong becomes LedgerUnavailableError."""

    def __init__(self, client: Client, telemetry: Telemetry) -> None:
        self._client = client
        self._telemetry = telemetry

    @property
    def telemetry(self) -> Telemetry:
        return self._telemetry

    async def command(self, operation: Operation, *arguments: str) -> Any:
        return await self._run(operation, lambda: self._client.execute_command(*arguments))

    async def script(
        self,
        operation: Operation,
        script: Script,
        keys: Sequence[str],
        arguments: Sequence[str | int],
        also_for: Sequence[Span] = (),
    ) -> Any:
        """Run a script; `also_for` are the requests beside the current one that it is run for."""
        return await self._run(operation, lambda: self._evaluate(script, keys, arguments), also_for)

    async def ask_all(self, operation: Operation, *arguments: str) -> Mapping[str, Any]:
        """Ask every server that takes writes; its answer by its address."""
        return await self._run(operation, lambda: self._client.ask_all(*arguments))

    async def close(self) -> None:
        await self._client.aclose()

    async def _evaluate(self, script: Script, keys: Sequence[str], arguments: Sequence[str | int]) -> Any:
        """A server that does not know the script has run nothing, so this one resend, with the script, is safe."""
        call = (len(keys), *keys, *arguments)
        try:
            return await self._client.execute_command("EVALSHA", script.sha, *call)
        except NoScriptError:
            return await self._client.execute_command("EVAL", script.source, *call)

    async def _run(self, operation: Operation, call: Callable[[], Awaitable[T]], also_for: Sequence[Span] = ()) -> T:
        name, attributes = _DESCRIBED[operation]
        duration = self._telemetry.instruments.ledger_duration
        try:
            with observed_call(self._telemetry.tracer, duration, name, attributes, also_for):
                async with asyncio.timeout(REDIS_TIMEOUT_SECONDS):
                    return await call()
        except (RedisError, OSError, TimeoutError) as error:
            raise LedgerUnavailableError from error
