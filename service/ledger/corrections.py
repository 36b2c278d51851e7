"""Books corrections of usage, exactly once each."""

from dataclasses import dataclass, replace
from datetime import datetime

from service.domain.audit_entry import AuditEntry, Detail
from service.domain.catalog import Catalog
from service.domain.correction import Correction
from service.domain.usage import Code
from service.errors import (
    CorrectionConflictError,
    CorrectionExceedsUsageError,
    DailyCostCapExceededError,
    TrialLimitExceededError,
)
from service.ledger import keys
from service.ledger.audit_trail import entry_arguments
from service.ledger.connection import Ledger, Operation
from service.ledger.metering import REFUSALS, MeteringCall, UsageRequest, Use, encode_terms
from service.ledger.scripts import load_script

_DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Booked:
    """`hour` is the corrected one's start in UTC, as 2026-11-23T06; the event type's usage in it before and after."""

    hour: str
    before: int
    after: int
    is_duplicate: bool


class Corrections:
    """Books corrections; raises LedgerUnavailableError and what UsageIntake raises for the tenant's state."""

    def __init__(self, ledger: Ledger, catalog: Catalog) -> None:
        self._ledger = ledger
        self._terms = encode_terms(catalog)
        self._correct = load_script("correct_usage")

    async def book(self, tenant_id: str, correction: Correction, now: datetime, entry: AuditEntry) -> Booked:
        """Add the difference to its hour; what it adds is limited and priced like newly reported usage.

        Raises CorrectionConflictError for a known id with another content, CorrectionExceedsUsageError where less than
        nothing would be left of the hour, TrialLimitExceededError, DailyCostCapExceededError.
        """
        request = UsageRequest(tenant_id, now, entry.request_id, [_use(tenant_id, correction)])
        call = MeteringCall(keys.shard_of(tenant_id), self._terms, [request])
        call.arguments += entry_arguments(_told(entry, correction))
        state, *figures = await self._ledger.script(Operation.CORRECT, self._correct, call.keys, call.arguments)
        _judge(state)
        return Booked(keys.hour_of(correction.timestamp), figures[0], figures[1], state == _DUPLICATE)


def _use(tenant_id: str, correction: Correction) -> Use:
    return Use(
        correction.correction_id,
        correction.digest(),
        keys.corrections(tenant_id),
        None,
        correction.event_type,
        correction.value,
        correction.timestamp,
    )


def _told(entry: AuditEntry, correction: Correction) -> AuditEntry:
    told: dict[str, Detail] = {
        "correction_id": correction.correction_id,
        "event_type": str(correction.event_type),
        "hour": keys.hour_of(correction.timestamp),
        "value": correction.value,
        "reason": correction.reason,
    }
    return replace(entry, details={**told, **entry.details})


def _judge(state: str) -> None:
    if state in REFUSALS:
        raise REFUSALS[state]
    match state:
        case "conflict":
            raise CorrectionConflictError
        case "below_zero":
            raise CorrectionExceedsUsageError
        case Code.TRIAL_LIMIT_EXCEEDED:
            raise TrialLimitExceededError
        case Code.DAILY_COST_CAP_EXCEEDED:
            raise DailyCostCapExceededError
