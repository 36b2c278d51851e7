"""The shape of a subscription, and plain questions to it."""

from chaos.lab.stripe_sandbox.objects import Object
from chaos.lab.stripe_sandbox.subscription_terms import Cycle

ENDED = ("canceled", "incomplete_expired")
RUNNING = ("active", "past_due", "unpaid")
# Fields that Stripe's answers carry and that stay null here.
_NULL = (
    *("application", "application_fee_percent", "billing_thresholds", "cancel_at", "canceled_at"),
    *("customer_account", "days_until_due", "default_payment_method", "default_source", "description", "ended_at"),
    *("latest_invoice", "managed_payments", "next_pending_invoice_item_invoice", "on_behalf_of"),
    *("pause_collection", "pending_invoice_item_interval", "pending_setup_intent", "pending_update", "schedule"),
    *("transfer_data", "trial_end", "trial_start"),
)


def new_subscription(identifier: str, customer: Object, items: Object, now: int, cycle: Cycle) -> Object:
    """A subscription that trials or is active from now on."""
    nothing: Object = dict.fromkeys(_NULL)
    return nothing | {
        "id": identifier,
        "object": "subscription",
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": cycle.anchor,
        "billing_cycle_anchor_config": cycle.anchor_config,
        "billing_mode": {"flexible": None, "type": "classic"},
        "billing_schedules": [],
        "cancel_at_period_end": False,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": now,
        "currency": items["data"][0]["price"]["currency"],
        "customer": customer["id"],
        "default_tax_rates": [],
        "discounts": [],
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "items": items,
        "livemode": False,
        "metadata": {},
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "start_date": now,
        "status": "active" if cycle.trial_end is None else "trialing",
        "test_clock": customer["test_clock"],
        "trial_end": cycle.trial_end,
        "trial_settings": {"end_behavior": {"billing_cycle_anchor": None, "missing_payment_method": "create_invoice"}},
        "trial_start": None if cycle.trial_end is None else now,
    }


def items_of(subscription: Object) -> list[Object]:
    """The items themselves."""
    rows: list[Object] = subscription["items"]["data"]
    return rows


def next_end(subscription: Object) -> int:
    """When the first current period of an item ends."""
    ends: list[int] = [item["current_period_end"] for item in items_of(subscription)]
    return min(ends)
