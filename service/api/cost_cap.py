"""What an answer's headers say of the daily cost cap and the trial."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from service.domain.c2pa_facts import EventType
from service.domain.catalog import Catalog
from service.domain.money import MICROCENTS_PER_CENT
from service.ledger.ingest import Intake

LIMIT, USED, STEP = "X-Cost-Cap-Limit-Cents", "X-Cost-Cap-Used-Percent", "X-Cost-Cap-Step"
SIGNS_REMAINING = "X-Trial-Signs-Remaining"
RETRY_AFTER = "Retry-After"
ABOUT = {
    LIMIT: "The plan's daily cost cap in cents.",
    USED: "How much of it today's accepted usage comes to, in whole percent, rounded down.",
    STEP: "The last step of its ladder that was reached, in percent; 0 before the first.",
}
ABOUT_TRIAL = {
    SIGNS_REMAINING: "Signatures that the trial still allows; only during the trial.",
}


def cap_headers(intake: Intake, catalog: Catalog, now: datetime) -> dict[str, str]:
    used_percent = 100 * intake.spend_microcents // intake.cap_microcents
    headers = {
        LIMIT: str(intake.cap_microcents // MICROCENTS_PER_CENT),
        USED: str(used_percent),
        STEP: str(_step(used_percent, catalog.cap_ladder_percent)),
    }
    signs = catalog.trial.caps.get(EventType.SIGN_EVENTS)
    if signs is not None and now.timestamp() < intake.trial_ends_at:
        headers[SIGNS_REMAINING] = str(signs - intake.trial_used.get(EventType.SIGN_EVENTS, 0))
    return headers


def seconds_to_next_day(now: datetime) -> int:
    """How long until the cap opens again; at least 1."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return int((midnight - now).total_seconds()) + 1


def _step(used_percent: int, ladder: Sequence[int]) -> int:
    return max((step for step in ladder if step <= used_percent), default=0)
