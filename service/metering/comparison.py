"""What Stripe's own count says about a sum of which nobody knows whether it arrived. Pure."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from service.domain.intent import Intent

TRIED_SECONDS = 23 * 3600
"""Stripe knows an identifier again for 24 hours at least; until an hour before that, trying again is safe."""
PAST_SECONDS = 35 * 24 * 3600
"""Stripe takes no usage that is older."""


class Finding(StrEnum):
    ARRIVED = "arrived"
    NOT_ARRIVED = "not_arrived"
    AMBIGUOUS = "ambiguous"


def judge(counted: int, sent: int, value: int) -> Finding:
    """`counted` is Stripe's sum of the hour, `sent` the sum of all that is known to have arrived without `value`.

    It holds because of a customer and meter no second sum is tried while one is in doubt.
    """
    if counted == sent + value:
        return Finding.ARRIVED
    return Finding.NOT_ARRIVED if counted == sent else Finding.AMBIGUOUS


def span_of(hour: str) -> tuple[int, int]:
    """Start and end of an hour in unix seconds."""
    start = datetime.strptime(hour, "%Y-%m-%dT%H").replace(tzinfo=UTC)
    return int(start.timestamp()), int((start + timedelta(hours=1)).timestamp())


def is_too_old(intent: Intent, now: int) -> bool:
    """Whether Stripe refuses it for its age."""
    return intent.timestamp < now - PAST_SECONDS


def is_tried_out(first_sent_at: int | None, now: int) -> bool:
    """Whether another try could count twice, so that only Stripe's count can tell what to do."""
    return first_sent_at is not None and now - first_sent_at >= TRIED_SECONDS
