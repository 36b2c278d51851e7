"""Webhooks between the moment that they are acknowledged and the moment that they have taken effect."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from service.domain.webhook_event import WebhookEvent
from service.ledger import keys
from service.ledger.connection import Ledger, Operation
from service.ledger.scripts import load_script
from service.telemetry.tracing import current_context

SEEN_SECONDS = 30 * 24 * 3600
TAKE_OVER_SECONDS = 30.0
"""An entry that a worker has held for longer was left behind by one that died."""
_GROUP = "workers"


@dataclass(frozen=True, slots=True)
class Queued:
    """An event in the hands of a worker; `tries` counts this one. `received_at` is in unix seconds.

    `asked` is the trace context of the request that brought it, if it is known.
    """

    entry_id: str
    event: WebhookEvent
    received_at: int
    tries: int
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Backlog:
    """`waiting` counts postponed events too; the oldest of the others is `oldest_seconds` old. `dead` were given up."""

    waiting: int
    oldest_seconds: int
    dead: int


class WebhookQueue:
    """A stream with one consumer group; raises LedgerUnavailableError. No step can lose an event."""

    def __init__(self, ledger: Ledger, take_over_seconds: float = TAKE_OVER_SECONDS) -> None:
        self._ledger = ledger
        self._idle_milliseconds = int(take_over_seconds * 1000)
        self._put = load_script("put_webhook")
        self._take = load_script("take_webhooks")
        self._finish = load_script("finish_webhook")

    async def put(self, event: WebhookEvent, now: int) -> bool:
        """Queue an event; False if its id was queued within the last SEEN_SECONDS."""
        arguments: list[str | int] = [
            SEEN_SECONDS,
            *_fields(event, now, 0, current_context(self._ledger.telemetry.tracer)),
        ]
        names = [keys.webhook_seen(event.event_id), keys.WEBHOOK_QUEUE]
        return bool(await self._ledger.script(Operation.PUT_WEBHOOK, self._put, names, arguments))

    async def take(self, consumer: str, most: int, now: int) -> list[Queued]:
        """Hand events to a worker, which must finish each of them."""
        names = [keys.WEBHOOK_QUEUE, keys.WEBHOOKS_POSTPONED]
        arguments: list[str | int] = [_GROUP, consumer, most, self._idle_milliseconds, now]
        found = await self._ledger.script(Operation.TAKE_WEBHOOKS, self._take, names, arguments)
        return [_queued(*entry) for entry in found]

    async def done(self, queued: Queued) -> None:
        await self._finished(queued, "done", 0)

    async def postpone(self, queued: Queued, due: int) -> None:
        """Hand it out again at `due`, in unix seconds."""
        await self._finished(queued, "later", due)

    async def bury(self, queued: Queued, reason: str) -> None:
        """Give it up; it is kept with the reason until a person deals with it."""
        await self._finished(queued, "dead", 0, "reason", reason)

    async def backlog(self, now: int) -> Backlog:
        """How much there is to do."""
        command, operation = self._ledger.command, Operation.READ_WEBHOOKS
        waiting = await command(operation, "XLEN", keys.WEBHOOK_QUEUE)
        postponed = await command(operation, "ZCARD", keys.WEBHOOKS_POSTPONED)
        dead = await command(operation, "XLEN", keys.WEBHOOKS_DEAD)
        first = await command(operation, "XRANGE", keys.WEBHOOK_QUEUE, "-", "+", "COUNT", "1")
        oldest = max(0, now - int(first[0][1]["received_at"])) if first else 0
        return Backlog(int(waiting) + int(postponed), oldest, int(dead))

    async def _finished(self, queued: Queued, outcome: str, due: int, *more: str) -> None:
        names = [keys.WEBHOOK_QUEUE, keys.WEBHOOKS_POSTPONED, keys.WEBHOOKS_DEAD]
        fields = _fields(queued.event, queued.received_at, queued.tries, queued.asked)
        arguments: list[str | int] = [_GROUP, queued.entry_id, outcome, due, *fields, *more]
        await self._ledger.script(Operation.FINISH_WEBHOOK, self._finish, names, arguments)


def _fields(event: WebhookEvent, received_at: int, tries: int, asked: str) -> list[str]:
    fields = {
        "event_id": event.event_id,
        "type": event.type,
        "created": str(event.created),
        "customer_id": event.customer_id,
        "details": json.dumps(dict(event.details)),
        "received_at": str(received_at),
        "tries": str(tries),
        "asked": asked,
    }
    return [part for pair in fields.items() for part in pair]


def _queued(entry_id: str, handed_out: int, flat: Sequence[str]) -> Queued:
    """`handed_out` counts the workers that died with the entry in hand; `tries` those that failed and lived."""
    fields = dict(zip(flat[::2], flat[1::2], strict=True))
    event = WebhookEvent(
        fields["event_id"],
        fields["type"],
        int(fields["created"]),
        fields["customer_id"],
        json.loads(fields["details"]),
    )
    tries = int(fields["tries"]) + handed_out
    return Queued(entry_id, event, int(fields["received_at"]), tries, fields.get("asked", ""))
