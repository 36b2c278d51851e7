"""Webhooks: each event is signed, posted to one URL, and tried again a few times when that fails."""

import asyncio
import hashlib
import hmac
import json
import logging
from dataclasses import dataclass

import aiohttp

from chaos.lab.stripe_sandbox.objects import Clock, Object

TRIES = 5
FIRST_PAUSE_SECONDS = 0.5  # doubles after each failed try
TIMEOUT_SECONDS = 5.0

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where events go, and the secret (`whsec_...`) that signs them."""

    url: str
    secret: str


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """The Stripe-Signature header: HMAC-SHA256 over `timestamp.body`, scheme v1."""
    signed = str(timestamp).encode() + b"." + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


class Deliveries:
    """Posts events in the background; an event's `pending_webhooks` falls to 0 once it is taken."""

    def __init__(
        self,
        endpoint: Endpoint,
        session: aiohttp.ClientSession,
        clock: Clock,
        first_pause_seconds: float = FIRST_PAUSE_SECONDS,
    ) -> None:
        self._endpoint = endpoint
        self._session = session
        self._clock = clock
        self._first_pause_seconds = first_pause_seconds
        self._under_way: set[asyncio.Task[None]] = set()

    def send(self, event: Object) -> None:
        """Begin to deliver an event as it is now."""
        task = asyncio.create_task(self._deliver(event, json.dumps(event).encode()))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """Give up what is under way."""
        tasks = list(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _deliver(self, event: Object, body: bytes) -> None:
        for number in range(TRIES):
            if number:
                await asyncio.sleep(self._first_pause_seconds * 2 ** (number - 1))
            outcome = await self._post(body)
            if outcome.startswith("2"):
                event["pending_webhooks"] = 0
                return
        _LOG.warning("event %s given up after %d tries: %s", event["id"], TRIES, outcome)

    async def _post(self, body: bytes) -> str:
        """One try; answers the status, or what went wrong."""
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(self._endpoint.secret, int(self._clock()), body),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            async with self._session.post(
                self._endpoint.url, data=body, headers=headers, allow_redirects=False
            ) as response:
                return str(response.status)
        except (aiohttp.ClientError, TimeoutError) as error:
            return f"{type(error).__name__}: {error}"
