"""Webhooks: each event is signed, posted to one URL, and tried again a few times when that fails."""

import asyncio
import hashlib
import hmac
import json
import logging
from dataclasses import asdict, dataclass

import aiohttp

from chaos.lab.stripe_sandbox.dice import Dice
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


@dataclass(frozen=True, slots=True)
class Manner:
    """How events are delivered: twice for a share of them, held back until a flush, and then in another order."""

    duplicate_ratio: float = 0.0
    shuffle: bool = False
    seed: int = 0
    hold: bool = False


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """The Stripe-Signature header: HMAC-SHA256 over `timestamp.body`, scheme v1."""
    signed = str(timestamp).encode() + b"." + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


class Deliveries:
    """Posts events in the background; an event's `pending_webhooks` falls to 0 once it is taken."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        clock: Clock,
        first_pause_seconds: float = FIRST_PAUSE_SECONDS,
    ) -> None:
        self.endpoint: Endpoint | None = None
        self._session = session
        self._clock = clock
        self._first_pause_seconds = first_pause_seconds
        self._under_way: set[asyncio.Task[None]] = set()
        self._held: list[tuple[Object, bytes]] = []
        self._manner = Manner()
        self._dice = Dice()

    def behave(self, manner: Manner) -> Object:
        """Deliver in that manner from now on."""
        self._manner = manner
        self._dice = Dice(manner.seed)
        return asdict(manner)

    def send(self, event: Object) -> None:
        """Begin to deliver an event as it is now, or hold it."""
        if self.endpoint is None:
            return
        delivery = (event, json.dumps(event).encode())
        if self._manner.hold:
            self._held.append(delivery)
            return
        for copy in self._copies(delivery):
            self._start(*copy)

    async def flush(self) -> int:
        """Deliver what is held and wait until every delivery was answered or given up; how many there were."""
        deliveries = [copy for delivery in self._held for copy in self._copies(delivery)]
        self._held.clear()
        if self._manner.shuffle:
            deliveries = self._dice.shuffled(deliveries)
        for delivery in deliveries:
            await self._deliver(*delivery)
        await asyncio.gather(*self._under_way)
        return len(deliveries)

    async def close(self) -> None:
        """Give up what is under way."""
        tasks = list(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _copies(self, delivery: tuple[Object, bytes]) -> list[tuple[Object, bytes]]:
        return [delivery] * (2 if self._dice.draw() < self._manner.duplicate_ratio else 1)

    def _start(self, event: Object, body: bytes) -> None:
        task = asyncio.create_task(self._deliver(event, body))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

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
        if self.endpoint is None:
            return "no endpoint"
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(self.endpoint.secret, int(self._clock()), body),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            async with self._session.post(
                self.endpoint.url, data=body, headers=headers, allow_redirects=False
            ) as response:
                return str(response.status)
        except (aiohttp.ClientError, TimeoutError) as error:
            return f"{type(error).__name__}: {error}"
