"""Previews: the next invoice of a subscription, as it is or as it would be after a change."""

from collections.abc import Sequence
from copy import deepcopy

from chaos.lab.stripe_sandbox import invoice_lines
from chaos.lab.stripe_sandbox.account import Account
from chaos.lab.stripe_sandbox.billing import Billing
from chaos.lab.stripe_sandbox.errors import missing_parameter
from chaos.lab.stripe_sandbox.invoice_items import InvoiceItems
from chaos.lab.stripe_sandbox.invoice_lines import Span
from chaos.lab.stripe_sandbox.invoice_object import Heading, new_invoice
from chaos.lab.stripe_sandbox.objects import Collection, Object, new_id
from chaos.lab.stripe_sandbox.params import Params
from chaos.lab.stripe_sandbox.subscription_items import SubscriptionItems, begin_period
from chaos.lab.stripe_sandbox.subscription_object import items_of, new_subscription, next_end
from chaos.lab.stripe_sandbox.subscription_terms import proration_behavior, read_cycle, read_trial_end

DETAILS = (
    *("billing_cycle_anchor", "cancel_at", "cancel_at_period_end", "cancel_now", "items", "proration_behavior"),
    *("proration_date", "start_date", "trial_end"),
)


class Previews:
    """The endpoint /v1/invoices/create_preview; changes nothing."""

    def __init__(
        self,
        account: Account,
        subscriptions: Collection,
        items: SubscriptionItems,
        invoice_items: InvoiceItems,
        billing: Billing,
    ) -> None:
        self._account = account
        self._subscriptions = subscriptions
        self._items = items
        self._invoice_items = invoice_items
        self._billing = billing

    def create(self, params: Params) -> Object:
        """POST /v1/invoices/create_preview"""
        params.accept("currency", "customer", "preview_mode", "subscription", "subscription_details")
        details = params.group("subscription_details") or Params({})
        details.accept(*DETAILS)
        identifier = params.text("subscription")
        if identifier is None:
            return self._of_new(params.required_text("customer"), details)
        return self._of_running(self._subscriptions.get(identifier, "subscription"), details)

    def _of_new(self, customer_id: str, details: Params) -> Object:
        """The first invoice of a subscription that does not exist, after its trial if it has one."""
        customer = self._account.customers.living(customer_id, "customer")
        if not details.groups("items"):
            raise missing_parameter("subscription_details[items]")
        now = self._account.times.now_of(customer)
        cycle = read_cycle(details, now)
        items = self._items.create(details.groups("items"), new_id("sub"), now)
        for item in items["data"]:
            begin_period(item, cycle.trial_end or now, cycle.anchor)
        subscription = new_subscription(items["data"][0]["subscription"], customer, items, now, cycle)
        lines = self._billing.advance_lines(items["data"], cycle.anchor, proration_behavior(details) != "none")
        return self._invoice(subscription, Span(now, now), lines, cycle.trial_end or now)

    def _of_running(self, subscription: Object, details: Params) -> Object:
        moment = details.integer("proration_date") or self._account.times.now_of(subscription)
        changed = self._changed(subscription, details, moment)
        behavior, trialing = proration_behavior(details), subscription["status"] == "trialing"
        changes: list[Object] = []
        if behavior != "none" and not trialing:
            after = [] if details.flag("cancel_now") else items_of(changed)
            changes = self._billing.change_lines(items_of(subscription), after, moment)
        start = min(item["current_period_start"] for item in items_of(changed))
        span = Span(start, next_end(changed))
        if behavior == "always_invoice" and "items" in details:
            return self._invoice(changed, Span(moment, moment), changes, moment)
        pending = self._invoice_items.pending_of(subscription["customer"], subscription["id"])
        waiting = [invoice_lines.of_invoice_item(item) for item in pending]
        usage, end = [], moment if details.flag("cancel_now") else span.end
        if not trialing:
            usage = self._billing.usage_lines(items_of(changed), subscription["customer"], until=end)
        return self._invoice(changed, span, [*waiting, *changes, *usage, *self._advance(changed, details)], end)

    def _changed(self, subscription: Object, details: Params, moment: int) -> Object:
        changed = deepcopy(subscription)
        if "items" in details:
            changed["items"] = deepcopy(self._items.change(details.groups("items"), changed, moment))
        if "trial_end" in details and subscription["status"] == "trialing":
            trial_end = read_trial_end(details, moment) or moment
            changed |= {"trial_end": trial_end, "billing_cycle_anchor": trial_end}
            for item in items_of(changed):
                item["current_period_end"] = trial_end
        ending = details.flag("cancel_at_period_end")
        if ending is not None:
            changed["cancel_at"] = next_end(changed) if ending else None
        return changed

    def _advance(self, subscription: Object, details: Params) -> list[Object]:
        """What the period after the current one costs in advance; nothing if there will be none."""
        end, ending = next_end(subscription), subscription["cancel_at"]
        if details.flag("cancel_now") or (ending is not None and ending <= end):
            return []
        upcoming = deepcopy(items_of(subscription))
        for item in upcoming:
            begin_period(item, item["current_period_end"], subscription["billing_cycle_anchor"])
        return self._billing.advance_lines(upcoming, subscription["billing_cycle_anchor"])

    def _invoice(self, subscription: Object, span: Span, lines: Sequence[Object], moment: int) -> Object:
        customer = self._account.customers.kept.get(subscription["customer"])
        heading = Heading(customer, subscription["currency"], "upcoming", span, subscription)
        invoice = new_invoice(new_id("upcoming_in"), heading, lines, moment)
        return invoice | {"next_payment_attempt": moment + self._account.settings.draft_seconds}
