"""Subscriptions: active or trialing at once, since nothing is ever charged here, until they are cancelled."""

from copy import deepcopy

from chaos.lab.stripe_sandbox.customers import Customers
from chaos.lab.stripe_sandbox.errors import RefusedError, invalid_parameter, missing_parameter
from chaos.lab.stripe_sandbox.events import Events
from chaos.lab.stripe_sandbox.objects import PAGING, Clock, Collection, Object, new_id
from chaos.lab.stripe_sandbox.params import Params
from chaos.lab.stripe_sandbox.subscription_items import SubscriptionItems

DAY_SECONDS = 24 * 3600
# Taken because clients send them, without effect: they govern charges.
ABOUT_CHARGES = ("payment_behavior", "proration_behavior")
# Fields that Stripe's answers carry and that stay null here.
UNUSED = (
    *("application", "billing_thresholds", "cancel_at", "canceled_at", "days_until_due"),
    *("default_payment_method", "default_source", "description", "discount", "ended_at"),
    *("latest_invoice", "next_pending_invoice_item_invoice", "on_behalf_of", "pause_collection"),
    *("pending_invoice_item_interval", "pending_setup_intent", "pending_update", "schedule"),
    *("test_clock", "transfer_data"),
)


class Subscriptions:
    """The endpoints under /v1/subscriptions."""

    def __init__(self, customers: Customers, items: SubscriptionItems, events: Events, clock: Clock) -> None:
        self._customers = customers
        self._items = items
        self._events = events
        self._clock = clock
        self.kept = Collection("subscription")

    def create(self, params: Params) -> Object:
        """POST /v1/subscriptions"""
        params.accept(
            *("cancel_at_period_end", "customer", "description", "items", "metadata", "trial_end"),
            *("trial_period_days", *ABOUT_CHARGES),
        )
        customer = self._customers.living(params.required_text("customer"), "customer")
        rows = params.groups("items")
        if not rows:
            raise missing_parameter("items")
        now = int(self._clock())
        trial_end = _trial_end(params, now)
        identifier = new_id("sub")
        items = self._items.create(rows, identifier, now, trial_end)
        subscription = _new(identifier, customer, items, now, trial_end)
        subscription |= _details(params, subscription)
        self._events.record("customer.subscription.created", self.kept.add(subscription))
        return subscription

    def retrieve(self, params: Params, identifier: str) -> Object:
        """GET /v1/subscriptions/{id}"""
        params.accept()
        return self.kept.get(identifier)

    def update(self, params: Params, identifier: str) -> Object:
        """POST /v1/subscriptions/{id}"""
        params.accept("cancel_at_period_end", "description", "items", "metadata", "trial_end", *ABOUT_CHARGES)
        subscription = self._running(identifier)
        previous = deepcopy(subscription)
        now = int(self._clock())
        changes = _details(params, subscription)
        if "trial_end" in params:
            changes |= _trial(_trial_end(params, now), subscription["trial_start"] or now)
        if "items" in params:
            rows = params.groups("items")
            changes["items"] = self._items.change(rows, subscription, now)
        subscription |= changes
        self._events.record("customer.subscription.updated", subscription, previous)
        return subscription

    def cancel(self, params: Params, identifier: str) -> Object:
        """DELETE /v1/subscriptions/{id}: ends it now."""
        params.accept("invoice_now", "prorate")
        subscription = self._running(identifier)
        self._end(subscription)
        return subscription

    def index(self, params: Params) -> Object:
        """GET /v1/subscriptions; cancelled ones only when asked for."""
        params.accept("customer", "price", "status", *PAGING)
        customer, price, status = params.text("customer"), params.text("price"), params.text("status")

        def keep(row: Object) -> bool:
            priced = price is None or any(item["price"]["id"] == price for item in row["items"]["data"])
            return priced and customer in {None, row["customer"]} and _has_status(row, status)

        return self.kept.page(params, "/v1/subscriptions", keep)

    def end_all_of(self, customer_id: str) -> None:
        """Cancel what a deleted customer still had."""
        for subscription in self.kept.all():
            if subscription["customer"] == customer_id and subscription["status"] != "canceled":
                self._end(subscription)

    def _end(self, subscription: Object) -> None:
        now = int(self._clock())
        subscription |= {"status": "canceled", "canceled_at": now, "ended_at": now}
        subscription["cancellation_details"] = _cancellation("cancellation_requested")
        self._events.record("customer.subscription.deleted", subscription)

    def _running(self, identifier: str) -> Object:
        subscription = self.kept.get(identifier)
        if subscription["status"] == "canceled":
            raise RefusedError(404, f"No such subscription: '{identifier}'", code="resource_missing", param="id")
        return subscription


def _new(identifier: str, customer: Object, items: Object, now: int, trial_end: int | None) -> Object:
    nothing: Object = dict.fromkeys(UNUSED)
    return (
        nothing
        | {
            "id": identifier,
            "object": "subscription",
            "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
            "billing_cycle_anchor": trial_end or now,
            "cancel_at_period_end": False,
            "cancellation_details": _cancellation(None),
            "collection_method": "charge_automatically",
            "created": now,
            "currency": items["data"][0]["price"]["currency"],
            "customer": customer["id"],
            "default_tax_rates": [],
            "discounts": [],
            "items": items,
            "livemode": False,
            "metadata": {},
            "start_date": now,
        }
        | _trial(trial_end, now)
    )


def _details(params: Params, current: Object) -> Object:
    details: Object = {"metadata": params.metadata(current["metadata"])}
    if "description" in params:
        details["description"] = params.text("description")
    ending = params.flag("cancel_at_period_end")
    if ending is not None:
        period_end = max(item["current_period_end"] for item in current["items"]["data"])
        details |= {"cancel_at_period_end": ending, "cancel_at": period_end if ending else None}
    return details


def _trial_end(params: Params, now: int) -> int | None:
    days = params.integer("trial_period_days")
    if days is not None:
        return now + days * DAY_SECONDS
    if params.text("trial_end") in {None, "now"}:
        return None
    end = params.required_integer("trial_end")
    if end <= now:
        raise invalid_parameter("trial_end", "Invalid timestamp: must be in the future.")
    return end


def _trial(trial_end: int | None, trial_start: int | None) -> Object:
    if trial_end is None:
        return {"status": "active", "trial_start": None, "trial_end": None}
    return {"status": "trialing", "trial_start": trial_start, "trial_end": trial_end}


def _cancellation(reason: str | None) -> Object:
    return {"comment": None, "feedback": None, "reason": reason}


def _has_status(subscription: Object, status: str | None) -> bool:
    if status is None:
        return bool(subscription["status"] != "canceled")
    return status in {"all", subscription["status"]}
