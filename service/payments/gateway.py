"""Everything that the service asks of Stripe."""

from collections.abc import Mapping

from service.config import StripeConfig
from service.domain.tenant import Plan
from service.errors import PaymentsRejectedError, PaymentsUnavailableError
from service.payments.accounts import Accounts
from service.payments.checkout import Checkout
from service.payments.customers import Customers
from service.payments.endpoints import Endpoint
from service.payments.invoices import Invoices
from service.payments.metering import Metering
from service.payments.objects import Account, Delivery, Invoice, InvoicePage, MeterErrorReport
from service.payments.persistence import Surroundings
from service.payments.portal import Portal
from service.payments.prices import Prices
from service.payments.subscriptions import Subscriptions
from service.payments.transport import Transport
from service.telemetry.pipeline import Telemetry

REACHABLE_CACHE_SECONDS = 5.0


class StripeGateway:
    """Raises PaymentsUnavailableError where Stripe does not answer, PaymentsRejectedError where it refuses the data.

    `idempotency` is the caller's own key: a call that is repeated under it, with the same arguments, happens once.
    Instants are in unix seconds.
    """

    def __init__(
        self,
        config: StripeConfig,
        price_ids: Mapping[Plan, str],
        telemetry: Telemetry,
        surroundings: Surroundings | None = None,
    ) -> None:
        around = surroundings or Surroundings()
        self._clock = around.clock
        self._transport = Transport(config, telemetry, around)
        prices = Prices(self._transport, price_ids)
        self._customers = Customers(self._transport)
        self._subscriptions = Subscriptions(self._transport, prices)
        self._checkout = Checkout(self._transport)
        self._portal = Portal(self._transport)
        self._invoices = Invoices(self._transport, self._subscriptions)
        self._accounts = Accounts(self._transport, prices)
        self._metering = Metering(self._transport)
        self._reachable_until: float | None = None

    async def create_customer(self, tenant_id: str, name: str, email: str, idempotency: str) -> str:
        """Return the id of the tenant's new customer."""
        return await self._customers.create(tenant_id, name, email, idempotency)

    async def update_customer(self, customer_id: str, name: str, email: str, idempotency: str) -> None:
        """Change who is billed and where invoices go."""
        await self._customers.update(customer_id, name, email, idempotency)

    async def use_payment_method(self, customer_id: str, payment_method_id: str, idempotency: str) -> None:
        """Collect invoices with this attached payment method; Checkout attaches one without doing so."""
        await self._customers.collect_with(customer_id, payment_method_id, idempotency)

    async def create_trial_subscription(
        self, tenant_id: str, customer_id: str, plan: Plan, trial_ends_at: int, idempotency: str
    ) -> str:
        """Return the id of a subscription to fee and usage, free until the trial ends and billed by UTC months."""
        return await self._subscriptions.create_trial(tenant_id, customer_id, plan, trial_ends_at, idempotency)

    async def change_plan(self, subscription_id: str, plan: Plan, idempotency: str) -> None:
        """Change the plan now; the fee is prorated, the month's usage is rated by the new plan."""
        await self._subscriptions.change_plan(subscription_id, plan, idempotency)

    async def cancel(self, subscription_id: str, at_period_end: bool, idempotency: str) -> int | None:
        """Cancel; return when it takes effect, None if it did at once. Cancelling twice is no error."""
        return await self._subscriptions.cancel(subscription_id, at_period_end, idempotency)

    async def resume(self, subscription_id: str, idempotency: str) -> None:
        """Take back a cancellation at the period's end."""
        await self._subscriptions.resume(subscription_id, idempotency)

    async def portal_session(self, customer_id: str, return_url: str) -> str:
        """Return the address of a page to change payment methods and see invoices."""
        return await self._portal.session(customer_id, return_url)

    async def checkout_session(
        self,
        customer_id: str,
        tenant_id: str,
        subscription_id: str,
        success_url: str,
        cancel_url: str,
        idempotency: str,
    ) -> str:
        """Return the address of a page to enter a payment method for a running subscription."""
        return await self._checkout.session(
            customer_id, tenant_id, subscription_id, success_url, cancel_url, idempotency
        )

    async def invoices(self, customer_id: str, limit: int, starting_after: str | None = None) -> InvoicePage:
        """A page of 1 to 100 invoices, newest first."""
        return await self._invoices.page(customer_id, limit, starting_after)

    async def upcoming_invoice(self, customer_id: str, subscription_id: str, plan: Plan | None = None) -> Invoice:
        """What the next invoice would be, if nothing changes or if the plan changed now."""
        return await self._invoices.upcoming(customer_id, subscription_id, plan)

    async def account(self, customer_id: str) -> Account:
        """The customer's current state."""
        return await self._accounts.read(customer_id)

    async def send_meter_event(
        self, event_name: str, customer_id: str, value: int, identifier: str, timestamp: int
    ) -> Delivery:
        """Report usage, once per identifier of at most 100 characters."""
        return await self._metering.send(event_name, customer_id, value, identifier, timestamp)

    async def meter_summary(self, event_name: str, customer_id: str, start: int, end: int) -> int:
        """Units that Stripe has counted from `start` to before `end`, both full minutes; it may lag behind."""
        return await self._metering.summary(event_name, customer_id, start, end)

    async def meter_hours(self, event_name: str, customer_id: str, start: int, end: int) -> dict[int, int]:
        """The same for each hour in which anything was counted, by its start; `start` and `end` are full hours."""
        return await self._metering.hours(event_name, customer_id, start, end)

    async def meter_error_report(self, event_id: str) -> MeterErrorReport:
        """What a thin event about refused meter events says."""
        return await self._metering.error_report(event_id)

    @property
    def is_shut(self) -> bool:
        """True while calls fail without being sent, because Stripe did not answer the last few."""
        return self._transport.is_shut

    async def is_reachable(self) -> bool:
        """True if Stripe answered an authenticated call within the last few seconds, or answers one now."""
        if self._reachable_until is not None and self._clock() < self._reachable_until:
            return True
        balance = self._transport.client.v1.balance
        try:
            await self._transport.get(Endpoint.BALANCE, lambda options: balance.retrieve_async(None, options))
        except (PaymentsUnavailableError, PaymentsRejectedError):
            return False
        self._reachable_until = self._clock() + REACHABLE_CACHE_SECONDS
        return True

    async def close(self) -> None:
        await self._transport.close()
