"""Takes webhooks in: only what Stripe has signed just now, each event once, and the work is left to the worker."""

from collections.abc import Callable
from datetime import datetime

import stripe

from service.domain.webhook_event import HANDLED, WebhookEvent
from service.errors import InvalidSignatureError
from service.ledger.webhook_queue import WebhookQueue
from service.telemetry.instruments import Counter

TOLERANCE_SECONDS = 300
"""A signature may be this much older or newer than our clock."""
_OTHER = "_OTHER"


class _UntimelySignatureError(InvalidSignatureError):
    """Stripe signed it, but not now. Told apart in metrics alone: the answer helps nobody who replays."""


def verify(body: bytes, header: str, secret: str, now: int) -> None:
    """Check the Stripe-Signature header against the raw body; raises InvalidSignatureError.

    Stripe's library compares in constant time, with each of several v1 signatures. It would accept any future time and
    fails on bytes outside ASCII, so time and alphabet are judged here.
    """
    if not header.isascii():
        raise InvalidSignatureError
    try:
        stripe.WebhookSignature.verify_header(body, header, secret)
    except (stripe.SignatureVerificationError, UnicodeDecodeError) as error:
        raise InvalidSignatureError from error
    if abs(now - _signed_at(header)) > TOLERANCE_SECONDS:
        raise _UntimelySignatureError


class WebhookIntake:
    """Queues what the worker has to do; raises InvalidSignatureError or LedgerUnavailableError."""

    def __init__(self, queue: WebhookQueue, secret: str, events: Counter, clock: Callable[[], datetime]) -> None:
        self._queue = queue
        self._secret = secret
        self._events = events
        self._clock = clock

    def authenticate(self, body: bytes, header: str) -> None:
        """Refuse what Stripe did not sign."""
        try:
            verify(body, header, self._secret, int(self._clock().timestamp()))
        except InvalidSignatureError as error:
            self._count(_OTHER, "untimely" if isinstance(error, _UntimelySignatureError) else "forged")
            raise

    def reject(self) -> None:
        """Count a body that is no event."""
        self._count(_OTHER, "malformed")

    async def take(self, event: WebhookEvent) -> bool:
        """Queue the event unless it came before or has no effect; True if it is a duplicate."""
        if event.type not in HANDLED:
            self._count(_OTHER, "ignored")
            return False
        is_new = await self._queue.put(event, int(self._clock().timestamp()))
        self._count(event.type, "queued" if is_new else "duplicate")
        return not is_new

    def _count(self, kind: str, outcome: str) -> None:
        self._events.add(1, {"billing.webhook.type": kind, "billing.webhook.outcome": outcome})


def _signed_at(header: str) -> int:
    """The instant that the signature covers; the library has read the same one from a header that it accepts."""
    return next(int(item.split("=")[1]) for item in header.split(",") if item.startswith("t="))
