"""`/usage/{tenant_id}/corrections`: change what an hour's usage comes to, by a signed difference with a reason."""

from aiohttp import web

from service.api.route import Answer, Route
from service.domain.api_key import Scope
from service.domain.audit_entry import AuditEntry
from service.domain.correction import CORRECTION, Correction, read_correction
from service.domain.schema import Instant, Record, Whole
from service.domain.timestamp import format_rfc3339
from service.errors import (
    CorrectionConflictError,
    CorrectionExceedsUsageError,
    DailyCostCapExceededError,
    TenantCanceledError,
    TenantSuspendedError,
    TrialLimitExceededError,
)
from service.ledger.corrections import Booked
from service.parts import ACTOR, BODY, CLOCK, CORRECTIONS, REQUEST_ID, TENANT_ID

_USED = Whole(0, 2**53 - 1)

BOOKED_CORRECTION = Record(
    {
        **CORRECTION.fields,
        "hour": Instant("Start of the hour that was corrected."),
        "used_before": _USED,
        "used_after": _USED,
    },
    name="BookedCorrection",
    about="`used_before` and `used_after` are the event type's usage in the hour.",
)


async def correct_usage(request: web.Request) -> web.Response:
    """Answer a repetition like the first time, but by 200."""
    now = request.app[CLOCK]()
    correction = read_correction(request[BODY], now)
    entry = AuditEntry(request[ACTOR], "usage.corrected", request[REQUEST_ID])
    booked = await request.app[CORRECTIONS].book(request[TENANT_ID], correction, now, entry)
    return web.json_response(_shown(correction, booked), status=200 if booked.is_duplicate else 201)


def _shown(correction: Correction, booked: Booked) -> dict[str, object]:
    return {
        "correction_id": correction.correction_id,
        "event_type": correction.event_type,
        "value": correction.value,
        "timestamp": format_rfc3339(correction.timestamp),
        "reason": correction.reason,
        "hour": f"{booked.hour}:00:00Z",
        "used_before": booked.before,
        "used_after": booked.after,
    }


ROUTES = (
    Route(
        "POST",
        "/usage/{tenant_id}/corrections",
        correct_usage,
        scope=Scope.USAGE_WRITE,
        tag="Usage",
        summary="Correct usage",
        about=(
            "Usage is never edited: a correction is kept beside it. What it adds is limited and priced like newly "
            "reported usage; what it takes away is at most what the hour has."
        ),
        body=CORRECTION,
        answers=(
            Answer(201, "The correction was booked.", BOOKED_CORRECTION),
            Answer(200, "The same correction was booked before.", BOOKED_CORRECTION),
        ),
        errors=(
            TenantSuspendedError,
            TenantCanceledError,
            CorrectionConflictError,
            CorrectionExceedsUsageError,
            TrialLimitExceededError,
            DailyCostCapExceededError,
        ),
    ),
)
