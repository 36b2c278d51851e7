"""Intents that were given up, for a person to decide on."""

from dataclasses import dataclass

from service.domain.audit_entry import AuditEntry
from service.domain.intent import Intent, parse_intent_id
from service.errors import NotFoundError
from service.ledger import keys
from service.ledger.audit_trail import entry_arguments
from service.ledger.connection import Ledger, Operation
from service.ledger.intent_text import read_intent
from service.ledger.scripts import load_script


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Times in unix seconds; `first_sent_at` is None where it was never tried."""

    intent: Intent
    customer_id: str
    attempts: int
    first_sent_at: int | None
    buried_at: int
    reason: str


class DeadLetters:
    """Each decision has its entry in the tenant's audit trail; raises LedgerUnavailableError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._list = load_script("list_intents")
        self._retry = load_script("retry_intent")
        self._drop = load_script("drop_intent")

    async def page(self, shard: int, cursor: str | None, limit: int) -> tuple[list[DeadLetter], str | None]:
        """At most `limit` letters of the shard in the order of their ids, and the cursor of the next page."""
        start = "-" if cursor is None else f"({cursor}"
        arguments: list[str | int] = [start, "+", "BYLEX", "LIMIT", 0, limit + 1]
        names = [keys.dead(shard), keys.intents(shard)]
        found = await self._ledger.script(Operation.READ_OUTBOX, self._list, names, arguments)
        letters = [_letter(intent_id, text) for intent_id, _, text in found[:limit]]
        return letters, letters[-1].intent.intent_id if len(found) > limit else None

    async def retry(self, intent_id: str, entry: AuditEntry) -> None:
        """Have it sent again, to the customer that the tenant is now; raises NotFoundError, ValueError."""
        tenant_id = parse_intent_id(intent_id).tenant_id
        shard = keys.shard_of(tenant_id)
        names = [keys.events(shard), keys.trail(tenant_id), keys.intents(shard), keys.outbox(shard)]
        names += [keys.unsent(shard), keys.dead(shard), keys.tenant(tenant_id)]
        arguments: list[str | int] = [intent_id, tenant_id, *entry_arguments(entry)]
        if not await self._ledger.script(Operation.SETTLE_DEAD, self._retry, names, arguments):
            raise NotFoundError

    async def drop(self, intent_id: str, entry: AuditEntry) -> None:
        """Let Stripe never have it; raises NotFoundError, ValueError."""
        name = parse_intent_id(intent_id)
        shard = keys.shard_of(name.tenant_id)
        names = [keys.events(shard), keys.trail(name.tenant_id), keys.intents(shard), keys.dead(shard)]
        names += [keys.dropped(name.tenant_id, name.month)]
        field = keys.counter_field(name.hour, name.event_type)
        arguments: list[str | int] = [intent_id, name.tenant_id, field, *entry_arguments(entry)]
        if not await self._ledger.script(Operation.SETTLE_DEAD, self._drop, names, arguments):
            raise NotFoundError


def _letter(intent_id: str, text: str) -> DeadLetter:
    held = read_intent(intent_id, text)
    return DeadLetter(held.intent, held.customer_id, held.attempts, held.first_sent_at, held.buried_at, held.reason)
