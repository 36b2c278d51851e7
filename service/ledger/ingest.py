"""Takes reported usage into the ledger, exactly once per event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.domain.c2pa_facts import EventType
from service.domain.catalog import Catalog
from service.domain.tenant import Plan
from service.domain.usage import Outcome, UsageEvent
from service.ledger import keys
from service.ledger.connection import Ledger, Operation
from service.ledger.metering import REFUSALS, MeteringCall, encode_terms
from service.ledger.scripts import load_script

_OUTCOMES = frozenset(Outcome)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an event; `code` names the limit that rejected it."""

    outcome: Outcome
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of each event, in order, and where the tenant stands afterwards.

    `spend_microcents` is the list price of what was accepted today, `steps_crossed` the percentages of the cap that
    this call reached. `trial_used` has the units of each event type that the trial bounds; `trial_ends_at` is in unix
    seconds. `accrued_microcents` is what the call's billed units cost under the plan, by event type.
    """

    outcomes: tuple[Taken, ...]
    spend_microcents: int
    cap_microcents: int
    steps_crossed: tuple[int, ...]
    trial_ends_at: int
    trial_used: Mapping[EventType, int]
    plan: Plan
    accrued_microcents: Mapping[EventType, int]


class UsageIntake:
    """Commits the events of one request in one atomic script.

    Raises LedgerUnavailableError; NotFoundError, TenantSuspendedError or TenantCanceledError where the tenant may not
    use anything.
    """

    def __init__(self, ledger: Ledger, catalog: Catalog) -> None:
        self._ledger = ledger
        self._terms = encode_terms(catalog)
        self._ingest = load_script("ingest")

    async def take(self, tenant_id: str, events: Sequence[UsageEvent], now: datetime, request_id: str = "") -> Intake:
        """Take the events that are new and within the limits, in order; `now` is in UTC.

        An event id is unique per tenant and UTC day of the event.
        """
        call = MeteringCall(tenant_id, now, self._terms, request_id)
        for event in events:
            call.add(
                (event.event_id, event.digest()),
                (keys.claims(tenant_id, event.timestamp), keys.claim_expiry(event.timestamp)),
                (event.event_type, event.value, event.timestamp),
                event.properties_json(),
            )
        state, *reply = await self._ledger.script(Operation.INGEST, self._ingest, call.keys, call.arguments)
        if state in REFUSALS:
            raise REFUSALS[state]
        outcomes, (spend, cap, steps, trial_ends_at, used, plan, accrued) = reply
        return Intake(
            outcomes=tuple(_taken(outcome) for outcome in outcomes),
            spend_microcents=spend,
            cap_microcents=cap,
            steps_crossed=tuple(steps),
            trial_ends_at=trial_ends_at,
            trial_used=_by_type(used),
            plan=Plan(plan),
            accrued_microcents=_by_type(accrued),
        )


def _by_type(flat: list[Any]) -> dict[EventType, int]:
    return {EventType(name): number for name, number in zip(flat[::2], flat[1::2], strict=True)}


def _taken(outcome: str) -> Taken:
    return Taken(Outcome(outcome)) if outcome in _OUTCOMES else Taken(Outcome.REJECTED, outcome)
