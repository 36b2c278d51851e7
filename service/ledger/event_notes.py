"""What a tenant's audit trail says of events at Stripe, once for each event."""

from service.domain.audit_entry import AuditEntry
from service.ledger import keys
from service.ledger.audit_trail import entry_arguments
from service.ledger.connection import Ledger, Operation
from service.ledger.scripts import load_script

_REMEMBERED_SECONDS = 30 * 24 * 3600


class EventNotes:
    """Appends to trails; raises LedgerUnavailableError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._note = load_script("note_event")

    async def has(self, tenant_id: str, event_id: str) -> bool:
        """Whether the event has its entry, and so has taken effect before."""
        return bool(await self._ledger.command(Operation.NOTE_EVENT, "EXISTS", keys.noted(tenant_id, event_id)))

    async def note(self, tenant_id: str, event_id: str, entry: AuditEntry) -> bool:
        """Append the entry unless the event has one already; True if it is new."""
        names = [keys.noted(tenant_id, event_id), keys.trail(tenant_id), keys.events(keys.shard_of(tenant_id))]
        arguments: list[str | int] = [tenant_id, _REMEMBERED_SECONDS, *entry_arguments(entry)]
        return bool(await self._ledger.script(Operation.NOTE_EVENT, self._note, names, arguments))
