"""Stripe's checkout page, where tenants enter a payment method."""

from service.errors import PaymentsUnavailableError
from service.payments.endpoints import Endpoint
from service.payments.transport import Transport

CURRENCY = "usd"


class Checkout:
    """The calls about the checkout page."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._api = transport.client.v1.checkout.sessions

    async def session(
        self,
        customer_id: str,
        tenant_id: str,
        subscription_id: str,
        success_url: str,
        cancel_url: str,
        idempotency: str,
    ) -> str:
        """Return the address of a page to enter a payment method for a running subscription; it works for a day."""
        metadata = {"tenant_id": tenant_id, "subscription_id": subscription_id}
        session = await self._transport.post(
            Endpoint.CHECKOUT_SESSIONS,
            idempotency,
            lambda options: self._api.create_async(
                {
                    "mode": "setup",
                    "customer": customer_id,
                    "currency": CURRENCY,
                    "success_url": success_url,
                    "cancel_url": cancel_url,
                    "client_reference_id": tenant_id,
                    "metadata": metadata,
                    "setup_intent_data": {"metadata": metadata},
                },
                options,
            ),
        )
        if session.url is None:
            # A replayed session may have been completed or have expired since.
            raise PaymentsUnavailableError
        return session.url
