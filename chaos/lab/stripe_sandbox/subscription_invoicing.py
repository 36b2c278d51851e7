"""The invoices of subscriptions: the first, one for each period, one for changes in between, and the last."""

from collections.abc import Callable, Sequence
from copy import deepcopy

from chaos.lab.stripe_sandbox import invoice_lines
from chaos.lab.stripe_sandbox.account import Account
from chaos.lab.stripe_sandbox.billing import Billing, span_of
from chaos.lab.stripe_sandbox.dunning import Dunning
from chaos.lab.stripe_sandbox.invoice_items import InvoiceItems, from_line
from chaos.lab.stripe_sandbox.invoice_lines import Span
from chaos.lab.stripe_sandbox.invoice_object import Heading
from chaos.lab.stripe_sandbox.invoices import Invoices
from chaos.lab.stripe_sandbox.objects import Object
from chaos.lab.stripe_sandbox.subscription_object import items_of

Lines = Callable[[], list[Object]]


class SubscriptionInvoicing:
    """Puts lines on invoices and hands them to the dunning."""

    def __init__(
        self, account: Account, billing: Billing, invoices: Invoices, items: InvoiceItems, dunning: Dunning
    ) -> None:
        self._customers = account.customers
        self._times = account.times
        self.billing = billing
        self._invoices = invoices
        self._items = items
        self._dunning = dunning
        self._free_start: set[str] = set()

    def first(self, subscription: Object, prorate: bool) -> Object:
        """The finalized invoice of a new subscription, not charged yet; a trial's one is over nothing."""
        if not prorate:
            self._free_start.add(subscription["id"])
        items, anchor = items_of(subscription), subscription["billing_cycle_anchor"]
        if subscription["status"] == "trialing":
            lines = [invoice_lines.trial_line(item, span_of(item)) for item in items]
        else:
            lines = self.billing.advance_lines(items, anchor, prorate)
        now = self._times.now_of(subscription)
        invoice = self._draft(subscription, "subscription_create", Span(now, now), lambda: lines)
        return self._invoices.finalize(invoice)

    def cycle(self, subscription: Object, closed: Sequence[Object], reason: str) -> Object:
        """A draft over the periods in `closed`, and in advance over the current ones."""
        prorate = subscription["id"] not in self._free_start
        advance = self.billing.advance_lines(items_of(subscription), subscription["billing_cycle_anchor"], prorate)
        now = self._times.now_of(subscription)
        start = min((item["current_period_start"] for item in closed), default=now)
        customer_id = subscription["customer"]

        def lines() -> list[Object]:
            return self.billing.usage_lines(closed, customer_id) + deepcopy(advance)

        return self._hand_over(self._draft(subscription, reason, Span(start, now), lines), subscription)

    def change(self, subscription: Object, before: Sequence[Object], behavior: str) -> None:
        """What a change within a period costs: as items that wait for the next invoice, or on one of its own."""
        if behavior == "none" or subscription["status"] == "trialing":
            return
        now, customer = self._times.now_of(subscription), self._customers.kept.get(subscription["customer"])
        for line in self.billing.change_lines(before, items_of(subscription), now):
            self._items.kept.add(from_line(customer, now, line))
        if behavior == "always_invoice" and self._pending(subscription):
            invoice = self._draft(subscription, "subscription_update", Span(now, now), list)
            self._dunning.finalize_now(invoice)

    def last(self, subscription: Object, now: int) -> None:
        """What was used since the last invoice, and what still waits; no invoice without either."""
        closed, customer_id = deepcopy(items_of(subscription)), subscription["customer"]
        if not (self._pending(subscription) or any(self._used(item, customer_id, now) for item in closed)):
            return
        start = min(item["current_period_start"] for item in closed)

        def lines() -> list[Object]:
            return self.billing.usage_lines(closed, customer_id, until=now)

        self._dunning.finalize_later(self._draft(subscription, "subscription_cycle", Span(start, now), lines))

    def credit(self, subscription: Object) -> None:
        """Give back what was paid in advance for the time after now, on the next invoice."""
        now, customer = self._times.now_of(subscription), self._customers.kept.get(subscription["customer"])
        for line in self.billing.change_lines(items_of(subscription), [], now):
            self._items.kept.add(from_line(customer, now, line))

    def has_method(self, subscription: Object) -> bool:
        """Whether there is something to pay with."""
        customer = self._customers.kept.get(subscription["customer"])
        return self._dunning.method_for(subscription, customer) is not None

    def _used(self, item: Object, customer_id: str, now: int) -> bool:
        return any(line["amount"] for line in self.billing.usage_lines([item], customer_id, until=now))

    def _pending(self, subscription: Object) -> list[Object]:
        return self._items.pending_of(subscription["customer"], subscription["id"])

    def _draft(self, subscription: Object, reason: str, span: Span, lines: Lines) -> Object:
        """A draft with those lines and all that waits; it becomes the subscription's latest invoice."""
        customer = self._customers.kept.get(subscription["customer"])
        pending = self._pending(subscription)
        waiting = [invoice_lines.of_invoice_item(item) for item in pending]
        heading = Heading(
            customer, subscription["currency"], reason, span, subscription, subscription["collection_method"]
        )
        invoice = self._invoices.draft(heading, lambda: deepcopy(waiting) + lines())
        self._items.put_on(pending, invoice["id"])
        subscription["latest_invoice"] = invoice["id"]
        return invoice

    def _hand_over(self, invoice: Object, subscription: Object) -> Object:
        """An unpaid subscription's invoices stay drafts, as Stripe leaves them."""
        if subscription["status"] == "unpaid":
            invoice["auto_advance"] = False
        else:
            self._dunning.finalize_later(invoice)
        return invoice
