"""Takes reported usage into the ledger, exactly once per event."""

from collections.abc import Sequence

from service.domain.timestamp import format_rfc3339
from service.domain.usage import Outcome, UsageEvent
from service.ledger import keys
from service.ledger.connection import Ledger, Operation
from service.ledger.scripts import load_script

_OUTCOMES = (Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.CONFLICT)


class UsageIntake:
    """Commits the events of one request in one atomic script; raises LedgerUnavailableError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._ingest = load_script("ingest")

    async def take(self, tenant_id: str, events: Sequence[UsageEvent]) -> list[Outcome]:
        """Return what became of each event, in order. An event id is unique per tenant and UTC day of the event."""
        call = _KeyList([keys.events(keys.shard_of(tenant_id)), keys.months(tenant_id)])
        arguments: list[str | int] = [tenant_id]
        for event in events:
            arguments.extend(_event_arguments(tenant_id, event, call))
        codes = await self._ledger.script(Operation.INGEST, self._ingest, call.names, arguments)
        return [_OUTCOMES[code] for code in codes]


class _KeyList:
    """Names each key of the call once and refers to it by its Lua index."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self._indexes = {name: index for index, name in enumerate(names, start=1)}

    def index(self, name: str) -> int:
        if name not in self._indexes:
            self.names.append(name)
            self._indexes[name] = len(self.names)
        return self._indexes[name]


def _event_arguments(tenant_id: str, event: UsageEvent, call: _KeyList) -> list[str | int]:
    month = keys.month_of(event.timestamp)
    return [
        call.index(keys.claims(tenant_id, event.timestamp)),
        keys.claim_expiry(event.timestamp),
        event.event_id,
        event.digest(),
        call.index(keys.hours(tenant_id, month)),
        keys.counter_field(keys.hour_of(event.timestamp), event.event_type),
        keys.counter_field(month, event.event_type),
        event.value,
        event.event_type.value,
        format_rfc3339(event.timestamp),
        event.properties_json(),
    ]
