"""Sending a request until it is answered: within a deadline, a retry budget and a circuit breaker."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import SystemRandom
from time import monotonic
from typing import Generic, TypeVar

import aiohttp
import stripe

from service.config import STRIPE_TIMEOUT_SECONDS
from service.errors import PaymentsUnavailableError
from service.payments.breaker import Breaker, Permit
from service.payments.endpoints import Endpoint
from service.payments.retry import MAX_RETRIES, Failure, RetryBudget, is_outage, is_transient, pause_seconds
from service.payments.witness import Witness
from service.telemetry.tracing import Attributes

BREAKER_THRESHOLD = 5
BREAKER_OPEN_SECONDS = 2.0
"""Short: one probe in two seconds is no burden to Stripe, and its return is noticed soon."""

_OK = 200
_RESENDS, _STATUS = "http.request.resend_count", "http.response.status_code"
FAILED = (stripe.StripeError, aiohttp.ClientError, TimeoutError)

T = TypeVar("T", bound=stripe.StripeObject)
Send = Callable[[stripe.RequestOptions], Awaitable[T]]


class BreakerOpenError(PaymentsUnavailableError):
    """Stripe was not asked, because it did not answer the last few times."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Time and chance, which tests replace; `clock` is monotonic, in seconds."""

    clock: Callable[[], float] = monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[float, float], float] = SystemRandom().uniform


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request, which may be sent several times; `observed` collects what its span says."""

    endpoint: Endpoint
    send: Send[T]
    options: stripe.RequestOptions
    observed: Attributes


class Persistence:
    """Only for requests that are safe to repeat: reads, and writes with an idempotency key."""

    def __init__(self, witness: Witness, surroundings: Surroundings) -> None:
        self._witness = witness
        self._around = surroundings
        self._budget = RetryBudget()
        self._breaker = Breaker(BREAKER_THRESHOLD, BREAKER_OPEN_SECONDS, surroundings.clock, witness.breaker_changed)

    @property
    def is_shut(self) -> bool:
        """Whether a call would fail now without being sent."""
        return self._breaker.is_shut

    async def answer(self, call: Call[T]) -> T:
        """The answer, or the last failure once another try is no use, too late or too much; or BreakerOpenError."""
        deadline = self._around.clock() + STRIPE_TIMEOUT_SECONDS
        self._budget.deposit()
        retry = 0
        while True:
            try:
                answer = await self._attempt(call, deadline)
            except FAILED as error:
                failure = failure_of(error)
                pause = self._pause(call, retry, failure, deadline)
                if pause is None:
                    _note_status(call, failure.status)
                    if isinstance(error, stripe.StripeError) and error.request_id:
                        call.observed["stripe.request.id"] = error.request_id
                    raise
            else:
                _note_status(call, _OK)
                return answer
            await self._around.sleep(pause)
            retry += 1
            call.observed[_RESENDS] = retry

    def _pause(self, call: Call[T], retry: int, failure: Failure, deadline: float) -> float | None:
        """Seconds until the next try; None if there is to be none."""
        if retry == MAX_RETRIES or not is_transient(failure):
            return None
        pause = pause_seconds(retry, failure, self._around.jitter)
        if self._around.clock() + pause >= deadline:
            return None
        affords = self._budget.withdraw()
        self._witness.retry_wanted(call.endpoint, affords)
        return pause if affords else None

    async def _attempt(self, call: Call[T], deadline: float) -> T:
        """Nothing is sent past the deadline, not even by a process that was stopped for a while before a retry."""
        remaining = deadline - self._around.clock()
        if remaining <= 0:
            raise TimeoutError("the time of the call was over before its next try")
        with self._admitted():
            async with asyncio.timeout(remaining):
                answer = await call.send(call.options)
        self._witness.answered(call.endpoint, answer.last_response)
        _note_response(call, answer.last_response)
        return answer

    @contextmanager
    def _admitted(self) -> Iterator[None]:
        """Ask the breaker, and tell it what came of it."""
        permit = self._breaker.admit()
        if permit is None:
            raise BreakerOpenError
        try:
            yield
        except FAILED as error:
            self._judge(permit, failure_of(error))
            raise
        except BaseException:
            self._breaker.abandoned(permit)
            raise
        self._breaker.succeeded(permit)

    def _judge(self, permit: Permit, failure: Failure) -> None:
        if is_outage(failure):
            self._breaker.failed(permit)
        else:
            self._breaker.succeeded(permit)


def _note_status(call: Call[T], status: int | None) -> None:
    if status is not None:
        call.observed[_STATUS] = status


def _note_response(call: Call[T], response: stripe.StripeResponse | None) -> None:
    if response is None:
        return
    if response.request_id:
        call.observed["stripe.request.id"] = response.request_id
    call.observed["billing.stripe.idempotent_replay"] = response.headers.get("Idempotent-Replayed") == "true"


def failure_of(error: Exception) -> Failure:
    """What an error of FAILED says."""
    if isinstance(error, stripe.StripeError):
        return Failure.of(error.http_status, error.headers or {})
    return Failure(None)
