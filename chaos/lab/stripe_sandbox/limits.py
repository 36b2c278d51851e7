"""Stripe's limits, when they are asked for: requests a second, and one call at a time for a customer's meter."""

import asyncio
from dataclasses import asdict, dataclass

from aiohttp import web

from chaos.lab.stripe_sandbox.errors import invalid_parameter, unknown_parameter
from chaos.lab.stripe_sandbox.exchange import Handler, read_tree
from chaos.lab.stripe_sandbox.faults import refusal
from chaos.lab.stripe_sandbox.guards import CONTROL
from chaos.lab.stripe_sandbox.meters import Meters
from chaos.lab.stripe_sandbox.objects import Object
from chaos.lab.stripe_sandbox.params import Params

METER_EVENTS = "/v1/billing/meter_events"


@dataclass(slots=True)
class Limit:
    """None lifts the limit on the rate; a meter's call under way lasts for `meter_event_seconds` at least."""

    requests_per_second: float | None = None
    one_meter_event_at_a_time: bool = False
    meter_event_seconds: float = 0.005


class Limits:
    """The limits as a middleware; a bucket holds one second's worth of requests."""

    def __init__(self, meters: Meters) -> None:
        self._meters = meters
        self._limit = Limit()
        self._tokens = 0.0
        self._filled_at = 0.0
        self._under_way: set[tuple[str, str]] = set()

    def change(self, document: Object) -> Object:
        """Set what is given and lift the rest; raises RefusedError."""
        for name in document:
            if name not in Limit.__dataclass_fields__:
                raise unknown_parameter(name)
        limit = Limit(**document)
        if limit.requests_per_second is not None and limit.requests_per_second < 1:
            raise invalid_parameter("requests_per_second", "Expected 1 or more, or null for no limit.")
        self._limit, self._tokens = limit, limit.requests_per_second or 0.0
        self._filled_at = asyncio.get_running_loop().time()
        return asdict(limit)

    @web.middleware
    async def hold_back(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse with 429 what is over a limit."""
        if request.path.startswith(CONTROL):
            return await handler(request)
        if self._limit.requests_per_second is not None:
            self._take(self._limit.requests_per_second)
        if not self._limit.one_meter_event_at_a_time or request.path != METER_EVENTS:
            return await handler(request)
        return await self._alone(request, handler)

    def _take(self, rate: float) -> None:
        now = asyncio.get_running_loop().time()
        self._tokens = min(rate, self._tokens + (now - self._filled_at) * rate)
        self._filled_at = now
        if self._tokens < 1:
            raise refusal(429)
        self._tokens -= 1

    async def _alone(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        params = Params(await read_tree(request))
        event_name = params.text("event_name") or ""
        key = (event_name, params.texts("payload").get(self._meters.customer_key(event_name), ""))
        if key in self._under_way:
            raise refusal(429, "resource-specific")
        self._under_way.add(key)
        try:
            await asyncio.sleep(self._limit.meter_event_seconds)
            return await handler(request)
        finally:
            self._under_way.discard(key)
