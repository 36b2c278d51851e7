"""Stripe as it may behave at its worst: it forgets identifiers after a day and its summaries lag behind."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from service.errors import PaymentsRejectedError, PaymentsUnavailableError
from service.metering.comparison import TRIED_SECONDS
from service.payments.breaker import Breaker
from service.payments.objects import Delivery
from service.payments.persistence import BREAKER_OPEN_SECONDS, BREAKER_THRESHOLD
from tests.simulation.violation import Violation

REMEMBERED_SECONDS = 24 * 3600
SUMMARY_LAG_SECONDS = 300
TIMEOUT_SECONDS = 3.0
GHOST_SECONDS = 20.0
assert TRIED_SECONDS < REMEMBERED_SECONDS


@dataclass
class StripeModel:
    """`accepted` counts how often each identifier was counted; `weather` draws what becomes of a request."""

    world: object
    accepted: Counter = field(default_factory=Counter)
    values: dict = field(default_factory=dict)
    counted: list = field(default_factory=list)
    remembered: dict = field(default_factory=dict)
    refused: set = field(default_factory=set)
    under_way: set = field(default_factory=set)
    ghosts: list = field(default_factory=list)
    posts: int = 0

    def take(self, event_name, customer_id, value, identifier, timestamp):
        now = self.world.wall()
        if self.values.setdefault(identifier, value) != value:
            raise Violation(f"identifier {identifier} with {value} after {self.values[identifier]}")
        if customer_id in self.refused:
            raise PaymentsRejectedError("resource_missing")
        if now - self.remembered.get(identifier, -REMEMBERED_SECONDS) < REMEMBERED_SECONDS:
            return Delivery.DUPLICATE
        self.remembered[identifier] = now
        self.accepted[identifier] += 1
        self.counted.append((now, event_name, customer_id, timestamp, value))
        return Delivery.DELIVERED

    def summary(self, event_name, customer_id, start, end):
        horizon = self.world.wall() - SUMMARY_LAG_SECONDS
        return sum(
            value
            for at, name, customer, timestamp, value in self.counted
            if at <= horizon and (name, customer) == (event_name, customer_id) and start <= timestamp < end
        )

    def land(self):
        """Requests that were given up long ago arrive."""
        for request in self.ghosts:
            try:
                self.take(*request)
            except PaymentsRejectedError:
                continue
        self.ghosts.clear()


class GatewaySeen:
    """One worker's way to Stripe, with the service's own circuit breaker in it."""

    def __init__(self, world, worker):
        self.world = world
        self.worker = worker
        self.stripe = world.stripe
        self.breaker = Breaker(BREAKER_THRESHOLD, BREAKER_OPEN_SECONDS, asyncio.get_running_loop().time)

    @property
    def is_shut(self):
        return self.breaker.is_shut

    async def send_meter_event(self, event_name, customer_id, value, identifier, timestamp):
        permit = self._admit()
        self.world.check_post(self.worker, identifier)
        lane = (self.worker.name, customer_id, event_name)
        if lane in self.stripe.under_way:
            raise Violation(f"two calls at once for {lane}")
        self.stripe.under_way.add(lane)
        self.stripe.posts += 1
        try:
            request = (event_name, customer_id, value, identifier, timestamp)
            return await self._answered(permit, lambda: self.stripe.take(*request), request)
        finally:
            self.stripe.under_way.discard(lane)

    async def meter_summary(self, event_name, customer_id, start, end):
        return await self._answered(self._admit(), lambda: self.stripe.summary(event_name, customer_id, start, end))

    def _admit(self):
        permit = self.breaker.admit()
        if permit is None:
            raise PaymentsUnavailableError
        return permit

    async def _answered(self, permit, effect, request=None):
        fate = self.world.fate()
        if fate == "ghost" and request is not None:
            self.stripe.ghosts.append(request)
            asyncio.get_running_loop().call_later(GHOST_SECONDS, self.stripe.land)
        if fate in ("timeout", "ghost", "lost"):
            if fate == "lost":
                self._silently(effect)
            await self.worker.spend(TIMEOUT_SECONDS)
            self.breaker.failed(permit)
            raise PaymentsUnavailableError
        await self.worker.spend(self.world.latency(TIMEOUT_SECONDS / 2))
        if fate == "500":
            self.breaker.failed(permit)
            raise PaymentsUnavailableError
        self.breaker.succeeded(permit)
        if fate == "429":
            raise PaymentsUnavailableError
        answer = effect()
        await self.worker.spend(self.world.latency(TIMEOUT_SECONDS / 3))
        return answer

    @staticmethod
    def _silently(effect):
        try:
            effect()
        except PaymentsRejectedError:
            return
