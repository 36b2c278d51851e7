"""Subscriptions: made, changed and cancelled by requests; what happens by itself is in `lifecycle`."""

from copy import deepcopy

from chaos.lab.stripe_sandbox.account import Account
from chaos.lab.stripe_sandbox.errors import RefusedError, invalid_parameter, missing_parameter
from chaos.lab.stripe_sandbox.first_payment import FirstPayment
from chaos.lab.stripe_sandbox.lifecycle import Lifecycle
from chaos.lab.stripe_sandbox.objects import PAGING, Collection, Object, new_id
from chaos.lab.stripe_sandbox.params import Params
from chaos.lab.stripe_sandbox.payment_methods import PaymentMethods
from chaos.lab.stripe_sandbox.subscription_invoicing import SubscriptionInvoicing
from chaos.lab.stripe_sandbox.subscription_items import SubscriptionItems, begin_period
from chaos.lab.stripe_sandbox.subscription_object import ENDED, items_of, new_subscription
from chaos.lab.stripe_sandbox.subscription_terms import (
    DETAILS,
    cancellation,
    proration_behavior,
    read_cycle,
    read_details,
    read_trial_end,
)


class Subscriptions:
    """The endpoints under /v1/subscriptions."""

    def __init__(
        self,
        account: Account,
        kept: Collection,
        items: SubscriptionItems,
        methods: PaymentMethods,
        invoicing: SubscriptionInvoicing,
        first_payment: FirstPayment,
        lifecycle: Lifecycle,
    ) -> None:
        self._account = account
        self.kept = kept
        self._items = items
        self._methods = methods
        self._invoicing = invoicing
        self._first_payment = first_payment
        self._lifecycle = lifecycle

    def create(self, params: Params) -> Object:
        """POST /v1/subscriptions"""
        params.accept(
            *("billing_cycle_anchor", "billing_cycle_anchor_config", "currency", "customer", "items"),
            *("trial_end", "trial_period_days", *DETAILS),
        )
        customer = self._account.customers.living(params.required_text("customer"), "customer")
        if not params.groups("items"):
            raise missing_parameter("items")
        return self.begin(params, customer, params.groups("items"))

    def begin(self, params: Params, customer: Object, rows: list[Params]) -> Object:
        """A new subscription, with its first invoice charged."""
        subscription = self._start(params, customer, rows)
        self._account.events.record("customer.subscription.created", subscription)
        self._lifecycle.follow(subscription)
        return subscription

    def _start(self, params: Params, customer: Object, rows: list[Params]) -> Object:
        now, identifier = self._account.times.now_of(customer), new_id("sub")
        cycle = read_cycle(params, now)
        items = self._items.create(rows, identifier, now)
        for item in items["data"]:
            begin_period(item, now, cycle.anchor, cycle.trial_end)
        subscription = new_subscription(identifier, customer, items, now, cycle)
        subscription |= read_details(params, subscription, now) | self._method(params, customer)
        prorate = proration_behavior(params) != "none"
        self.kept.add(subscription)
        try:
            self._first_payment.take(subscription, params.text("payment_behavior"), prorate)
        except RefusedError:
            self.kept.remove(identifier)
            raise
        return subscription

    def retrieve(self, params: Params, identifier: str) -> Object:
        """GET /v1/subscriptions/{id}"""
        params.accept()
        return self.kept.get(identifier)

    def update(self, params: Params, identifier: str) -> Object:
        """POST /v1/subscriptions/{id}"""
        params.accept("billing_cycle_anchor", "items", "proration_date", "trial_end", *DETAILS)
        subscription = self._running(identifier)
        previous = deepcopy(subscription)
        now = self._account.times.now_of(subscription)
        customer = self._account.customers.kept.get(subscription["customer"])
        subscription |= self.changes(params, subscription, now) | self._method(params, customer)
        self._invoicing.change(subscription, items_of(previous), proration_behavior(params))
        self._account.events.record("customer.subscription.updated", subscription, previous)
        if params.text("trial_end") == "now" and subscription["status"] == "trialing":
            self._lifecycle.end_trial(subscription)
        self._lifecycle.follow(subscription)
        return subscription

    def changes(self, params: Params, subscription: Object, now: int) -> Object:
        """The fields that an update will change, without changing them."""
        changes: Object = {}
        if "items" in params:
            changes["items"] = self._items.change(params.groups("items"), subscription, now)
        _check_anchor(params)
        if "trial_end" in params:
            changes |= _new_trial(params, {**deepcopy(subscription), **changes}, now)
        return changes | read_details(params, {**subscription, **changes}, now)

    def cancel(self, params: Params, identifier: str) -> Object:
        """DELETE /v1/subscriptions/{id}: ends it now."""
        params.accept("cancellation_details", "invoice_now", "prorate")
        subscription = self._running(identifier)
        details = cancellation(params.group("cancellation_details"), subscription, "cancellation_requested")
        subscription["cancellation_details"] = details
        if params.flag("prorate") and subscription["status"] != "trialing":
            self._invoicing.credit(subscription)
        self._lifecycle.end(subscription, "cancellation_requested", params.flag("invoice_now") or False)
        return subscription

    def resume(self, params: Params, identifier: str) -> Object:
        """POST /v1/subscriptions/{id}/resume, of a paused one."""
        params.accept("billing_cycle_anchor", "proration_behavior")
        params.choice("billing_cycle_anchor", ("now",))
        subscription = self._running(identifier)
        if subscription["status"] != "paused":
            raise RefusedError(400, "This subscription is not paused.", param="id")
        self._lifecycle.resume(subscription)
        return subscription

    def index(self, params: Params) -> Object:
        """GET /v1/subscriptions; cancelled ones only when asked for."""
        params.accept("collection_method", "created", "customer", "price", "status", "test_clock", *PAGING)
        price, status = params.text("price"), params.text("status")
        created, clock = params.time_range("created"), params.text("test_clock")

        def keep(row: Object) -> bool:
            priced = price is None or any(item["price"]["id"] == price for item in items_of(row))
            timed = created(row["created"]) and clock in {None, row["test_clock"]}
            return priced and timed and _has_status(row, status)

        return self.kept.page(params, "/v1/subscriptions", keep)

    def end_all_of(self, customer_id: str) -> None:
        """Cancel what a deleted customer still had."""
        for subscription in self.kept.of("customer", customer_id):
            if subscription["status"] not in ENDED:
                self._lifecycle.end(subscription, "cancellation_requested", bill_usage=False)

    def _method(self, params: Params, customer: Object) -> Object:
        if "default_payment_method" not in params:
            return {}
        chosen = params.text("default_payment_method")
        if chosen is not None:
            chosen = self._methods.owned(chosen, customer, "default_payment_method")["id"]
        return {"default_payment_method": chosen}

    def _running(self, identifier: str) -> Object:
        subscription = self.kept.get(identifier)
        if subscription["status"] in ENDED:
            raise RefusedError(404, f"No such subscription: '{identifier}'", code="resource_missing", param="id")
        return subscription


def _check_anchor(params: Params) -> None:
    anchor = params.text("billing_cycle_anchor") if isinstance(params.tree.get("billing_cycle_anchor"), str) else None
    if anchor not in {None, "unchanged"}:
        raise invalid_parameter("billing_cycle_anchor", "The sandbox changes no anchors; only unchanged is taken.")


def _new_trial(params: Params, subscription: Object, now: int) -> Object:
    """A trial that ends at another moment; the anchor moves with it, unless the trial's settings keep it.

    One that ends now is left trialing, for the lifecycle to end it.
    """
    trial_end = read_trial_end(params, now)
    trialing = subscription["status"] == "trialing"
    if trial_end is None and not trialing:
        return {}
    for item in items_of(subscription):
        item["current_period_end"] = trial_end or now
    changes: Object = {"items": subscription["items"], "trial_end": trial_end or now, "status": "trialing"}
    if subscription["trial_settings"]["end_behavior"]["billing_cycle_anchor"] != "unchanged":
        changes |= {"billing_cycle_anchor": trial_end or now, "billing_cycle_anchor_config": None}
    return changes | {"trial_start": subscription["trial_start"] or now}


def _has_status(subscription: Object, status: str | None) -> bool:
    if status is None:
        return subscription["status"] not in ENDED
    if status == "ended":
        return subscription["status"] in ENDED
    return status in {"all", subscription["status"]}
