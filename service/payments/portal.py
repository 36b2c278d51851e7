"""Stripe's portal, where tenants change payment methods and see invoices."""

from secrets import token_hex

from stripe.params.billing_portal import ConfigurationCreateParamsFeatures

from service.payments.endpoints import Endpoint
from service.payments.transport import Transport

# Plan, name, e-mail and cancellation are changed through the API alone: there they are checked and enter the audit
# trail. Who changes the features raises the version: a configuration is found again by its mark.
_FEATURES: ConfigurationCreateParamsFeatures = {
    "invoice_history": {"enabled": True},
    "payment_method_update": {"enabled": True},
}
_MARK, _VERSION = "c2pa_portal", "1"
_MOST = 100


class Portal:
    """The calls about the portal; its configuration is found, or made, before the first session."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._api = transport.client.v1.billing_portal
        self._configuration: str | None = None

    async def session(self, customer_id: str, return_url: str) -> str:
        """Return the address of the customer's portal; it works for a few minutes."""
        configuration = await self._configured()
        session = await self._transport.post(
            Endpoint.PORTAL_SESSIONS,
            token_hex(),
            lambda options: self._api.sessions.create_async(
                {"customer": customer_id, "return_url": return_url, "configuration": configuration}, options
            ),
        )
        return session.url

    async def _configured(self) -> str:
        if self._configuration is None:
            self._configuration = await self._found() or await self._made()
        return self._configuration

    async def _found(self) -> str | None:
        page = await self._transport.get(
            Endpoint.PORTAL_CONFIGURATIONS,
            lambda options: self._api.configurations.list_async({"active": True, "limit": _MOST}, options),
        )
        for configuration in page.data:
            if configuration.metadata and configuration.metadata.to_dict().get(_MARK) == _VERSION:
                return configuration.id
        return None

    async def _made(self) -> str:
        configuration = await self._transport.post(
            Endpoint.PORTAL_CONFIGURATIONS,
            f"{_MARK}-{_VERSION}",
            lambda options: self._api.configurations.create_async(
                {"features": _FEATURES, "metadata": {_MARK: _VERSION}}, options
            ),
        )
        return configuration.id
