"""Reads what of a tenant's billed units Stripe has, and what it will never have."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.domain.c2pa_facts import EventType
from service.ledger import keys
from service.ledger.connection import Ledger, Operation
from service.ledger.scripts import load_script

Units = Mapping[tuple[str, EventType], int]
"""Units by billed hour, as 2026-11-23T06, and event type."""


@dataclass(frozen=True, slots=True)
class Sent:
    """`delivered` is what Stripe has; `dropped` what a person decided that it shall not have."""

    delivered: Units
    dropped: Units


class SentReader:
    """Raises LedgerUnavailableError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._read = load_script("read_hashes")

    async def sent(self, tenant_id: str, month: str) -> Sent:
        names = [keys.sent(tenant_id, month), keys.dropped(tenant_id, month)]
        delivered, dropped = await self._ledger.script(Operation.READ_OUTBOX, self._read, names, [])
        return Sent(_units(delivered), _units(dropped))


def _units(reply: list[str]) -> dict[tuple[str, EventType], int]:
    found = {}
    for name, value in zip(reply[::2], reply[1::2], strict=True):
        hour, event_type = keys.parse_counter_field(name)
        found[hour, EventType(event_type)] = int(value)
    return found
