"""Subscriptions: what a tenant pays for, from the trial to the cancellation."""

from datetime import UTC, datetime

import stripe
from stripe.params import SubscriptionCreateParamsTrialSettingsEndBehavior

from service.domain.tenant import Plan
from service.payments.endpoints import Endpoint
from service.payments.prices import PlanPrices, Prices
from service.payments.transport import StripeRefusedError, Transport

_MISSING = "resource_missing"
_LICENSED = "licensed"
# Stripe would otherwise start a new cycle when the trial ends, and the periods would not be months any more.
_TRIAL_END: SubscriptionCreateParamsTrialSettingsEndBehavior = {
    "billing_cycle_anchor": "unchanged",
    "missing_payment_method": "create_invoice",
}


class Subscriptions:
    """The calls about subscriptions."""

    def __init__(self, transport: Transport, prices: Prices) -> None:
        self._transport = transport
        self._api = transport.client.v1.subscriptions
        self._prices = prices

    async def create_trial(
        self, tenant_id: str, customer_id: str, plan: Plan, trial_ends_at: int, idempotency: str
    ) -> str:
        """Return the id of a subscription whose first bill comes after the trial, and whose periods are UTC months.

        A customer without a payment method gets an invoice to pay when the trial ends.
        """
        prices = await self._prices.of(plan)
        subscription = await self._transport.post(
            Endpoint.SUBSCRIPTIONS,
            idempotency,
            lambda options: self._api.create_async(
                {
                    "customer": customer_id,
                    "items": [{"price": price} for price in (prices.licensed, *prices.metered.values())],
                    "trial_end": trial_ends_at,
                    "billing_cycle_anchor": first_month_start(trial_ends_at),
                    "proration_behavior": "create_prorations",
                    "trial_settings": {"end_behavior": _TRIAL_END},
                    "payment_settings": {"save_default_payment_method": "on_subscription"},
                    "payment_behavior": "allow_incomplete",
                    "off_session": True,
                    "metadata": {"tenant_id": tenant_id, "plan": plan},
                },
                options,
            ),
        )
        return subscription.id

    async def change_plan(self, subscription_id: str, plan: Plan, idempotency: str) -> None:
        """Swap the prices in place; the monthly fee is prorated from now on, usage is rated by the new plan.

        A subscription that has the plan already is left alone: there is nothing to prorate.
        """
        subscription = await self.retrieve(subscription_id)
        items = _swapped(subscription, await self._prices.of(plan))
        if all(items.get(item.id, item.price.id) == item.price.id for item in subscription.items.data):
            return
        await self._update(
            subscription_id,
            idempotency,
            {
                "items": [{"id": item, "price": price} for item, price in items.items()],
                "proration_behavior": "create_prorations",
                "payment_behavior": "allow_incomplete",
                "off_session": True,
                "metadata": {"plan": plan},
            },
        )

    async def cancel(self, subscription_id: str, at_period_end: bool, idempotency: str) -> int | None:
        """Cancel; return when it takes effect (unix seconds), None if it did at once."""
        if not at_period_end:
            await self._cancel_now(subscription_id)
            return None
        subscription = await self._update(subscription_id, idempotency, {"cancel_at_period_end": True})
        return subscription.cancel_at or min(item.current_period_end for item in subscription.items.data)

    async def resume(self, subscription_id: str, idempotency: str) -> None:
        """Take back a cancellation that has not taken effect yet."""
        await self._update(subscription_id, idempotency, {"cancel_at_period_end": False})

    async def swap(self, subscription_id: str, plan: Plan) -> dict[str, str]:
        """Which price each item of the subscription has under a plan: item id to price id."""
        return _swapped(await self.retrieve(subscription_id), await self._prices.of(plan))

    async def retrieve(self, subscription_id: str) -> stripe.Subscription:
        return await self._transport.get(
            Endpoint.SUBSCRIPTION, lambda options: self._api.retrieve_async(subscription_id, None, options)
        )

    async def _update(
        self, subscription_id: str, idempotency: str, changes: stripe.params.SubscriptionUpdateParams
    ) -> stripe.Subscription:
        return await self._transport.post(
            Endpoint.SUBSCRIPTION,
            idempotency,
            lambda options: self._api.update_async(subscription_id, changes, options),
        )

    async def _cancel_now(self, subscription_id: str) -> None:
        """Cancel and bill the usage so far; a repeated cancellation, which Stripe does not find, is no error."""
        try:
            await self._transport.delete(
                Endpoint.SUBSCRIPTION,
                lambda options: self._api.cancel_async(
                    subscription_id, {"invoice_now": True, "prorate": False}, options
                ),
            )
        except StripeRefusedError as refusal:
            if refusal.stripe_code != _MISSING or (await self.retrieve(subscription_id)).status != "canceled":
                raise


def first_month_start(instant: int) -> int:
    """The first 1st of a month, 00:00 UTC, that is not before the instant (unix seconds)."""
    moment = datetime.fromtimestamp(instant, UTC)
    month = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if month < moment:
        year, index = divmod(month.year * 12 + month.month, 12)
        month = month.replace(year=year, month=index + 1)
    return int(month.timestamp())


def _swapped(subscription: stripe.Subscription, prices: PlanPrices) -> dict[str, str]:
    """Sorted: a repeated request must be the same to the letter, or its idempotency key is refused."""
    items = sorted(subscription.items.data, key=lambda item: item.id)
    priced = ((item.id, _price_under(prices, item.price)) for item in items)
    return {item: price for item, price in priced if price is not None}


def _price_under(prices: PlanPrices, current: stripe.Price) -> str | None:
    """The price that takes an item's place; None for an item that no plan has."""
    recurring = current.recurring
    if recurring is None:
        return None
    if recurring.usage_type == _LICENSED:
        return prices.licensed
    return prices.metered.get(recurring.meter or "")
