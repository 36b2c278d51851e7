"""Intents between the moment that they are sealed and the moment that Stripe has them, or a person gave them up."""

from dataclasses import dataclass

from service.domain.intent import Intent, parse_intent_id
from service.errors import NotFoundError
from service.ledger import keys
from service.ledger.connection import Ledger, Operation
from service.ledger.intent_text import read_intent
from service.ledger.scripts import load_script
from service.ledger.shard_leases import ShardLease, unfenced


@dataclass(frozen=True, slots=True)
class Pending:
    """An intent that is to be sent; times in unix seconds. `first_sent_at` is None before its first attempt.

    `asked` is the trace context of a request that reported part of it, if one is known.
    """

    intent: Intent
    customer_id: str
    attempts: int
    first_sent_at: int | None
    due_at: int
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Backlog:
    """`oldest_hour` is the first billed hour of which something is to be sent."""

    pending: int
    oldest_hour: str | None
    dead: int


class Outbox:
    """Raises LedgerUnavailableError; what takes a lease raises FenceLostError, and then has changed nothing."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._list = load_script("list_intents")
        self._begin = load_script("begin_send")
        self._deliver = load_script("deliver_intent")
        self._bury = load_script("bury_intent")

    async def due(self, shard: int, now: int, limit: int) -> list[Pending]:
        """What is due, the longest due first; what was never tried is due since its hour, so the oldest hour first."""
        arguments: list[str | int] = ["-inf", now, "BYSCORE", "LIMIT", 0, limit]
        names = [keys.outbox(shard), keys.intents(shard)]
        found = await self._ledger.script(Operation.READ_OUTBOX, self._list, names, arguments)
        return [_pending(intent_id, text, int(due_at)) for intent_id, due_at, text in found]

    async def begin(
        self, lease: ShardLease, intent_id: str, now: int, retry_at: int, *, afresh: bool = False
    ) -> Pending:
        """Count the attempt that is about to be made, and note when the first one was.

        With `afresh` this counts as the first one, because Stripe is known to have none under the identifier. Raises
        NotFoundError where the intent is not to be sent any more.
        """
        names = [keys.shard_lease(lease.shard), keys.intents(lease.shard), keys.outbox(lease.shard)]
        arguments: list[str | int] = [lease.fence, intent_id, now, retry_at, int(afresh)]
        found = unfenced(await self._ledger.script(Operation.BEGIN_SEND, self._begin, names, arguments))
        if found is None:
            raise NotFoundError
        return _pending(intent_id, found, retry_at)

    async def delivered(self, lease: ShardLease, intent_id: str, now: int, how: str) -> bool:
        """Its units are sent; `how` is known: sent, duplicate or reconciled. False if it had ended before."""
        name, shard = parse_intent_id(intent_id), lease.shard
        names = [keys.shard_lease(shard), keys.events(shard), keys.intents(shard), keys.outbox(shard)]
        names += [keys.unsent(shard), keys.sent(name.tenant_id, name.month)]
        field = keys.counter_field(name.hour, name.event_type)
        arguments: list[str | int] = [lease.fence, intent_id, name.tenant_id, field, now, how]
        return bool(unfenced(await self._ledger.script(Operation.END_SEND, self._deliver, names, arguments)))

    async def bury(self, lease: ShardLease, intent_id: str, now: int, reason: str) -> bool:
        """Give it up until a person deals with it; False if it had ended before."""
        tenant_id, shard = parse_intent_id(intent_id).tenant_id, lease.shard
        names = [keys.shard_lease(shard), keys.events(shard), keys.intents(shard), keys.outbox(shard)]
        names += [keys.unsent(shard), keys.dead(shard)]
        arguments: list[str | int] = [lease.fence, intent_id, tenant_id, now, reason]
        return bool(unfenced(await self._ledger.script(Operation.END_SEND, self._bury, names, arguments)))

    async def backlog(self, shard: int) -> Backlog:
        """How much there is to do."""
        command, operation = self._ledger.command, Operation.READ_OUTBOX
        pending = await command(operation, "ZCARD", keys.unsent(shard))
        first = await command(operation, "ZRANGE", keys.unsent(shard), "0", "0")
        dead = await command(operation, "ZCARD", keys.dead(shard))
        return Backlog(int(pending), parse_intent_id(first[0]).hour if first else None, int(dead))


def _pending(intent_id: str, text: str, due_at: int) -> Pending:
    held = read_intent(intent_id, text)
    return Pending(held.intent, held.customer_id, held.attempts, held.first_sent_at, due_at, held.asked)
