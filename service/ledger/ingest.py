"""Takes reported usage into the ledger, exactly once per event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis.exceptions import ResponseError

from service.domain.c2pa_facts import EventType
from service.domain.catalog import Catalog
from service.domain.tenant import Plan
from service.domain.usage import Outcome, UsageEvent
from service.errors import LedgerUnavailableError
from service.ledger import keys
from service.ledger.connection import Ledger, Operation
from service.ledger.group_commit import BOUNDS, Bounds, GroupCommit
from service.ledger.metering import REFUSALS, MeteringCall, UsageRequest, Use, encode_terms
from service.ledger.scripts import load_script
from service.telemetry.spans import CURRENT
from service.telemetry.tracing import current_context

CLAIM_LENGTH = 32
"""Hexadecimal digits of an event's digest that its claim keeps: 128 bits tell any two bodies apart."""
_BROKEN = "broken"
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
    """Commits events, those of concurrent requests together in one atomic script.

    Raises LedgerUnavailableError; NotFoundError, TenantSuspendedError or TenantCanceledError where the tenant may not
    use anything.
    """

    def __init__(self, ledger: Ledger, catalog: Catalog, bounds: Bounds = BOUNDS) -> None:
        self._ledger = ledger
        self._terms = encode_terms(catalog)
        self._ingest = load_script("ingest")
        self._tracer = ledger.telemetry.tracer
        self._group = GroupCommit(self._commit, _size, ledger.telemetry.instruments, bounds)

    async def take(self, tenant_id: str, events: Sequence[UsageEvent], now: datetime, request_id: str = "") -> Intake:
        """Take the events that are new and within the limits, in order; `now` is in UTC.

        An event id is unique per tenant and UTC day of the event.
        """
        uses = [_use(tenant_id, event) for event in events]
        request = UsageRequest(tenant_id, now, request_id, uses, current_context(self._tracer), CURRENT.get())
        return _intake(*await self._group.submit(keys.shard_of(tenant_id), request))

    async def _commit(self, shard: int, requests: Sequence[UsageRequest]) -> Sequence[Any]:
        """The call is traced below the first request, and once more below each of the others."""
        call = MeteringCall(shard, self._terms, requests)
        others = [request.span for request in requests[1:] if request.span is not None]
        answers: Sequence[Any] = await self._ledger.script(
            Operation.INGEST, self._ingest, call.keys, call.arguments, others
        )
        return answers


def _size(request: UsageRequest) -> int:
    """Events, and one for the request itself."""
    return 1 + len(request.uses)


def _use(tenant_id: str, event: UsageEvent) -> Use:
    return Use(
        event.event_id,
        event.digest()[:CLAIM_LENGTH],
        keys.claims(tenant_id, event.timestamp),
        keys.claim_expiry(event.timestamp),
        event.event_type,
        event.value,
        event.timestamp,
        event.properties_json(),
    )


def _intake(state: str, *reply: Any) -> Intake:
    if state in REFUSALS:
        raise REFUSALS[state]
    if state == _BROKEN:
        raise LedgerUnavailableError from ResponseError(reply[0])
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
