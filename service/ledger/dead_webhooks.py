"""Webhooks that were given up, for a person to decide on."""

from dataclasses import dataclass

from service.errors import NotFoundError
from service.ledger import keys
from service.ledger.connection import Ledger, Operation
from service.ledger.scripts import load_script


@dataclass(frozen=True, slots=True)
class DeadWebhook:
    """`customer_id` is empty where the event is about no customer; `received_at` is in unix seconds."""

    entry_id: str
    event_id: str
    type: str
    customer_id: str
    received_at: int
    tries: int
    reason: str


class DeadWebhooks:
    """Raises LedgerUnavailableError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._settle = load_script("settle_webhook")

    async def page(self, cursor: str | None, limit: int) -> tuple[list[DeadWebhook], str | None]:
        """At most `limit` of them, the oldest first, and the cursor of the next page."""
        start = "-" if cursor is None else f"({cursor}"
        found = await self._ledger.command(
            Operation.READ_WEBHOOKS, "XRANGE", keys.WEBHOOKS_DEAD, start, "+", "COUNT", str(limit + 1)
        )
        webhooks = [_dead(entry_id, fields) for entry_id, fields in found[:limit]]
        return webhooks, webhooks[-1].entry_id if len(found) > limit else None

    async def read(self, entry_id: str) -> DeadWebhook:
        """Raises NotFoundError."""
        found = await self._ledger.command(Operation.READ_WEBHOOKS, "XRANGE", keys.WEBHOOKS_DEAD, entry_id, entry_id)
        if not found:
            raise NotFoundError
        return _dead(*found[0])

    async def retry(self, entry_id: str) -> None:
        """Have a worker deal with it as if it had just come; raises NotFoundError."""
        await self._end(entry_id, "retry")

    async def drop(self, entry_id: str) -> None:
        """Let it never take effect; raises NotFoundError."""
        await self._end(entry_id, "drop")

    async def _end(self, entry_id: str, how: str) -> None:
        names = [keys.WEBHOOKS_DEAD, keys.WEBHOOK_QUEUE]
        if not await self._ledger.script(Operation.SETTLE_DEAD, self._settle, names, [entry_id, how]):
            raise NotFoundError


def _dead(entry_id: str, fields: dict[str, str]) -> DeadWebhook:
    return DeadWebhook(
        entry_id,
        fields["event_id"],
        fields["type"],
        fields["customer_id"],
        int(fields["received_at"]),
        int(fields["tries"]),
        fields["reason"],
    )
