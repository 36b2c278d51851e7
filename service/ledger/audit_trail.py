"""The audit trail of a tenant: append-only, written by the same script as the change that it tells of."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from service.domain.audit_entry import AuditEntry, Detail
from service.domain.paging import decode_cursor, encode_cursor
from service.ledger import keys
from service.ledger.connection import Ledger, Operation
from service.ledger.scripts import load_script
from service.ledger.tenant_fields import from_text

_LISTING = "audit"
_ID_PATTERN = r"\d{1,19}-\d{1,19}"
_MILLISECONDS = 1000


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """An entry of the trail; `at` is when the ledger took it, by its own clock, to the millisecond."""

    id: str
    at: datetime
    entry: AuditEntry


class AuditTrail:
    """Reads the trail and tells it more; raises LedgerUnavailableError.

    A cursor that is not of a trail is a ValidationError.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._append = load_script("append_trail")

    async def page(self, tenant_id: str, cursor: str | None, limit: int) -> tuple[list[AuditRecord], str | None]:
        """Return at most `limit` records, newest first, and the cursor of the next page."""
        start = "+" if cursor is None else "(" + decode_cursor(_LISTING, cursor, _ID_PATTERN)
        place, count = keys.trail(tenant_id), str(limit + 1)
        found = await self._ledger.command(Operation.READ_TRAIL, "XREVRANGE", place, start, "-", "COUNT", count)
        records = [_record(record_id, fields) for record_id, fields in found[:limit]]
        return records, encode_cursor(_LISTING, records[-1].id) if len(found) > limit else None

    async def append(self, tenant_id: str, entry: AuditEntry) -> None:
        """Tell of something that changed nothing else in the ledger."""
        names = [keys.trail(tenant_id), keys.events(keys.shard_of(tenant_id))]
        arguments = [tenant_id, *entry_arguments(entry)]
        await self._ledger.script(Operation.APPEND_TRAIL, self._append, names, arguments)


def entry_arguments(entry: AuditEntry) -> list[str]:
    """An entry as scripts take it: actor, action, request id, details."""
    return [entry.actor, entry.action, entry.request_id, json.dumps(dict(entry.details))]


def _record(record_id: str, fields: Mapping[str, str]) -> AuditRecord:
    at = datetime.fromtimestamp(int(record_id.partition("-")[0]) / _MILLISECONDS, UTC)
    details: dict[str, Detail] = json.loads(fields["details"])
    for name, before, after in json.loads(fields.get("changes", "[]")):
        details[f"{name}.before"], details[f"{name}.after"] = _shown(name, before), _shown(name, after)
    return AuditRecord(record_id, at, AuditEntry(fields["actor"], fields["action"], fields["request_id"], details))


def _shown(name: str, value: str | int) -> Detail:
    return from_text(name, value) if isinstance(value, str) else value
