"""The one way to Stripe: its client, what is measured of each call, and what its errors mean to the service."""

import logging
from collections.abc import Awaitable, Callable

import aiohttp
import stripe

from service.config import STRIPE_TIMEOUT_SECONDS, StripeConfig
from service.domain.reach import Reach
from service.errors import PaymentsRejectedError, PaymentsUnavailableError
from service.outbound import StripeHttpClient
from service.payments.endpoints import Endpoint
from service.payments.persistence import FAILED, Call, Persistence, Send, Surroundings, T
from service.payments.witness import Witness
from service.telemetry.pipeline import Telemetry
from service.telemetry.tracing import observed_call

_LOG = logging.getLogger(__name__)
_LOCKED_OUT = (stripe.AuthenticationError, stripe.PermissionError)
_REFUSED = (stripe.InvalidRequestError, stripe.CardError, stripe.IdempotencyError)


class StripeRefusedError(PaymentsRejectedError):
    """Stripe refused a request; `stripe_status`, `stripe_code` and `stripe_message` are for this package only."""

    def __init__(self, error: stripe.StripeError) -> None:
        super().__init__()
        self.stripe_status = error.http_status
        self.stripe_code = error.code
        self.stripe_message = error.user_message or ""


class Transport:
    """Raises PaymentsUnavailableError where Stripe does not answer in time, StripeRefusedError where it refuses."""

    def __init__(self, config: StripeConfig, telemetry: Telemetry, surroundings: Surroundings) -> None:
        stripe.enable_telemetry = False
        reach = Reach.CONFIGURED if config.api_base else Reach.PUBLIC
        http_client = StripeHttpClient(aiohttp.ClientTimeout(total=STRIPE_TIMEOUT_SECONDS), reach)
        self.client = stripe.StripeClient(
            config.secret_key,
            http_client=http_client,
            base_addresses={"api": config.api_base or stripe.DEFAULT_API_BASE},
            max_network_retries=0,
        )
        self._close: Callable[[], Awaitable[None]] = http_client.close_async
        self._telemetry = telemetry
        self._persistence = Persistence(Witness(telemetry.instruments), surroundings)

    async def get(self, endpoint: Endpoint, send: Send[T]) -> T:
        """Make a call that changes nothing."""
        return await self._observed("GET", endpoint, send, {})

    async def post(self, endpoint: Endpoint, idempotency: str, send: Send[T]) -> T:
        """Make a call that happens once under its idempotency key, however often it is sent."""
        return await self._observed("POST", endpoint, send, {"idempotency_key": idempotency})

    async def delete(self, endpoint: Endpoint, send: Send[T]) -> T:
        """Make a call after which the thing is gone; a repeated one may find nothing."""
        return await self._observed("DELETE", endpoint, send, {})

    @property
    def is_shut(self) -> bool:
        """Whether a call would fail now without being sent."""
        return self._persistence.is_shut

    async def close(self) -> None:
        await self._close()

    async def _observed(self, method: str, endpoint: Endpoint, send: Send[T], options: stripe.RequestOptions) -> T:
        attributes = {"http.request.method": method, "url.template": str(endpoint)}
        duration = self._telemetry.instruments.payments_duration
        try:
            with observed_call(self._telemetry.tracer, duration, f"{method} {endpoint}", attributes) as observed:
                return await self._persistence.answer(Call(endpoint, send, options, observed))
        except _REFUSED as error:
            _LOG.info("Stripe refused %s %s: %s", method, endpoint, _reason(error))
            raise StripeRefusedError(error) from error
        except _LOCKED_OUT as error:
            _LOG.error("Stripe refused the secret key for %s %s: %s", method, endpoint, _reason(error))
            raise PaymentsUnavailableError from error
        except FAILED as error:
            raise PaymentsUnavailableError from error


def _reason(error: stripe.StripeError) -> str:
    """Stripe's code and the request's id, by which its dashboard has the rest; the message may quote personal data."""
    return f"{error.code or error.http_status}, request {error.request_id}"
