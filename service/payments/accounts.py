"""A customer's current state, read as a whole: what the tenant's standing is decided by."""

import asyncio

import stripe

from service.domain.tenant import Plan
from service.payments.endpoints import Endpoint
from service.payments.objects import Account, SubscriptionFacts, UnpaidInvoice
from service.payments.prices import Prices
from service.payments.transport import Transport

_MOST = 100


class Accounts:
    """Reads the customer, then all that it has at the same time; each part is as current as its own answer."""

    def __init__(self, transport: Transport, prices: Prices) -> None:
        self._transport = transport
        self._api = transport.client.v1
        self._prices = prices

    async def read(self, customer_id: str) -> Account:
        """The customer with subscriptions, open invoices and payment methods; a deleted one has none."""
        customer = await self._customer(customer_id)
        if getattr(customer, "deleted", False):
            return Account(customer_id, True, None, None, (), (), ())
        subscriptions, invoices, methods = await asyncio.gather(
            self._subscriptions(customer_id), self._open_invoices(customer_id), self._payment_methods(customer_id)
        )
        facts = sorted((self._facts(each) for each in subscriptions), key=lambda each: each.created, reverse=True)
        return Account(
            customer_id=customer_id,
            is_deleted=False,
            tenant_id=_metadata(customer).get("tenant_id"),
            default_payment_method=_default_method(customer, subscriptions),
            payment_methods=tuple(method.id for method in methods),
            subscriptions=tuple(facts),
            unpaid_invoices=tuple(_unpaid(invoice) for invoice in invoices),
        )

    async def _customer(self, customer_id: str) -> stripe.Customer:
        return await self._transport.get(
            Endpoint.CUSTOMER, lambda options: self._api.customers.retrieve_async(customer_id, None, options)
        )

    async def _subscriptions(self, customer_id: str) -> list[stripe.Subscription]:
        page = await self._transport.get(
            Endpoint.SUBSCRIPTIONS,
            lambda options: self._api.subscriptions.list_async(
                {"customer": customer_id, "status": "all", "limit": _MOST}, options
            ),
        )
        return page.data

    async def _open_invoices(self, customer_id: str) -> list[stripe.Invoice]:
        page = await self._transport.get(
            Endpoint.INVOICES,
            lambda options: self._api.invoices.list_async(
                {"customer": customer_id, "status": "open", "limit": _MOST}, options
            ),
        )
        return page.data

    async def _payment_methods(self, customer_id: str) -> list[stripe.PaymentMethod]:
        page = await self._transport.get(
            Endpoint.PAYMENT_METHODS,
            lambda options: self._api.customers.payment_methods.list_async(customer_id, {"limit": _MOST}, options),
        )
        return page.data

    def _facts(self, subscription: stripe.Subscription) -> SubscriptionFacts:
        items = subscription.items.data
        return SubscriptionFacts(
            id=subscription.id,
            status=subscription.status,
            plan=self._plan(subscription),
            created=subscription.created,
            trial_end=subscription.trial_end,
            cancel_at=subscription.cancel_at,
            canceled_at=subscription.canceled_at,
            ended_at=subscription.ended_at,
            period_start=min((item.current_period_start for item in items), default=None),
            period_end=min((item.current_period_end for item in items), default=None),
        )

    def _plan(self, subscription: stripe.Subscription) -> Plan | None:
        """By the price of the monthly fee; the metadata knows the plan of a price that has been replaced since."""
        for item in subscription.items.data:
            plan = self._prices.plan_of(item.price.id)
            if plan is not None:
                return plan
        noted = _metadata(subscription).get("plan")
        return Plan(noted) if noted in list(Plan) else None


def _unpaid(invoice: stripe.Invoice) -> UnpaidInvoice:
    return UnpaidInvoice(
        id=invoice.id,
        created=invoice.created,
        due=invoice.due_date,
        amount_remaining_cents=invoice.amount_remaining,
        attempts=invoice.attempt_count,
        next_attempt=invoice.next_payment_attempt,
    )


def _default_method(customer: stripe.Customer, subscriptions: list[stripe.Subscription]) -> str | None:
    """Stripe collects with the subscription's own method, else with the customer's."""
    running = [each.default_payment_method for each in subscriptions if each.ended_at is None]
    settings = getattr(customer, "invoice_settings", None)
    for method in (*running, settings.default_payment_method if settings else None):
        if method is not None:
            return method if isinstance(method, str) else method.id
    return None


def _metadata(thing: stripe.Customer | stripe.Subscription) -> dict[str, str]:
    metadata = getattr(thing, "metadata", None)
    return metadata.to_dict() if metadata else {}
