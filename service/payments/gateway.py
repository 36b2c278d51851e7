"""The one way to Stripe."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

import aiohttp
import stripe

from service.config import STRIPE_TIMEOUT_SECONDS, StripeConfig
from service.domain.tenant import Application
from service.errors import PaymentsRejectedError, PaymentsUnavailableError
from service.telemetry.pipeline import Telemetry
from service.telemetry.tracing import observed_call

REACHABLE_CACHE_SECONDS = 5.0
_RETRIES = 1

T = TypeVar("T")


class StripeGateway:
    """Raises PaymentsUnavailableError where Stripe does not answer, PaymentsRejectedError where it refuses the data."""

    def __init__(self, config: StripeConfig, telemetry: Telemetry) -> None:
        stripe.enable_telemetry = False
        self._telemetry = telemetry
        http_client = stripe.AIOHTTPClient(timeout=aiohttp.ClientTimeout(total=STRIPE_TIMEOUT_SECONDS))
        self._stripe = stripe.StripeClient(
            config.secret_key,
            http_client=http_client,
            base_addresses={"api": config.api_base or stripe.DEFAULT_API_BASE},
            max_network_retries=_RETRIES,
        )
        self._close: Callable[[], Awaitable[None]] = http_client.close_async
        self._reachable_until = 0.0

    async def create_customer(self, tenant_id: str, application: Application) -> str:
        """Return the id of the tenant's new customer; a retry under the same tenant id makes no second one."""
        customer = await self._call(
            "POST",
            "/v1/customers",
            self._stripe.v1.customers.create_async(
                {"name": application.name, "email": application.email, "metadata": {"tenant_id": tenant_id}},
                {"idempotency_key": f"tenant-{tenant_id}"},
            ),
        )
        return customer.id

    async def is_reachable(self) -> bool:
        """True if Stripe answered an authenticated call within the last few seconds, or answers one now."""
        if monotonic() < self._reachable_until:
            return True
        try:
            await self._call("GET", "/v1/balance", self._stripe.v1.balance.retrieve_async())
        except (PaymentsUnavailableError, PaymentsRejectedError):
            return False
        self._reachable_until = monotonic() + REACHABLE_CACHE_SECONDS
        return True

    async def close(self) -> None:
        await self._close()

    async def _call(self, method: str, template: str, call: Awaitable[T]) -> T:
        attributes = {"http.request.method": method, "url.template": template}
        duration = self._telemetry.instruments.payments_duration
        try:
            with observed_call(self._telemetry.tracer, duration, f"{method} {template}", attributes) as observed:
                try:
                    async with asyncio.timeout(STRIPE_TIMEOUT_SECONDS):
                        result = await call
                except stripe.StripeError as error:
                    if error.http_status:
                        observed["http.response.status_code"] = error.http_status
                    raise
                observed["http.response.status_code"] = 200
                return result
        except stripe.InvalidRequestError as error:
            raise PaymentsRejectedError from error
        except (stripe.StripeError, aiohttp.ClientError, TimeoutError) as error:
            raise PaymentsUnavailableError from error
