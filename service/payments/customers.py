"""Customers: a tenant as Stripe knows it."""

from service.payments.endpoints import Endpoint
from service.payments.transport import Transport


class Customers:
    """The calls about customers."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._api = transport.client.v1.customers

    async def create(self, tenant_id: str, name: str, email: str, idempotency: str) -> str:
        """Return the id of the tenant's new customer."""
        customer = await self._transport.post(
            Endpoint.CUSTOMERS,
            idempotency,
            lambda options: self._api.create_async(
                {"name": name, "email": email, "metadata": {"tenant_id": tenant_id}}, options
            ),
        )
        return customer.id

    async def update(self, customer_id: str, name: str, email: str, idempotency: str) -> None:
        """Change who is billed and where invoices go."""
        await self._transport.post(
            Endpoint.CUSTOMER,
            idempotency,
            lambda options: self._api.update_async(customer_id, {"name": name, "email": email}, options),
        )

    async def collect_with(self, customer_id: str, payment_method_id: str, idempotency: str) -> None:
        """Make an attached payment method the one that invoices are collected with."""
        await self._transport.post(
            Endpoint.CUSTOMER,
            idempotency,
            lambda options: self._api.update_async(
                customer_id, {"invoice_settings": {"default_payment_method": payment_method_id}}, options
            ),
        )
