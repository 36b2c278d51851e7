"""What happens to subscriptions by themselves: trials end, periods roll over, cancellations come due."""

from collections.abc import Callable
from copy import deepcopy

from chaos.lab.stripe_sandbox.account import Account
from chaos.lab.stripe_sandbox.invoice_object import subscription_of
from chaos.lab.stripe_sandbox.objects import Collection, Object
from chaos.lab.stripe_sandbox.subscription_invoicing import SubscriptionInvoicing
from chaos.lab.stripe_sandbox.subscription_items import begin_period
from chaos.lab.stripe_sandbox.subscription_object import ENDED, RUNNING, items_of, next_end

DAY_SECONDS = 24 * 3600
WARNING_SECONDS = 3 * DAY_SECONDS
INCOMPLETE_SECONDS = 23 * 3600


class Lifecycle:
    """Keeps every subscription in step with its time."""

    def __init__(self, account: Account, kept: Collection, invoicing: SubscriptionInvoicing) -> None:
        self._events = account.events
        self._times = account.times
        self._settings = account.settings
        self._kept = kept
        self._invoicing = invoicing
        self._warned: set[tuple[str, int]] = set()
        self._followed: set[str] = set()

    def follow(self, subscription: Object) -> None:
        """Wake up when the next thing is due; a change of plans may add more such moments, which do no harm."""
        self._followed.add(subscription["id"])
        moment = self._next_moment(subscription)
        if moment is not None:
            self._times.of(subscription).at(moment, lambda: self._wake(subscription))

    def end(self, subscription: Object, reason: str, bill_usage: bool) -> None:
        """Cancel now; what was used until now is billed or dropped."""
        now = self._times.now_of(subscription)
        trialing = subscription["status"] == "trialing"
        subscription |= {"status": "canceled", "ended_at": now, "canceled_at": subscription["canceled_at"] or now}
        subscription["cancellation_details"]["reason"] = subscription["cancellation_details"]["reason"] or reason
        if bill_usage and not trialing:
            self._invoicing.last(subscription, now)
        self._events.record("customer.subscription.deleted", subscription)

    def end_trial(self, subscription: Object) -> None:
        """The first paid period begins now, unless there is nothing to pay with and that shall end or pause it."""
        behavior = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
        if behavior != "create_invoice" and not self._invoicing.has_method(subscription):
            if behavior == "cancel":
                self.end(subscription, "cancellation_requested", bill_usage=False)
            else:
                self._change(subscription, lambda: subscription.update({"status": "paused"}))
                self._events.record("customer.subscription.paused", subscription)
            return
        self._change(subscription, lambda: self._begin(subscription, "subscription_cycle"))

    def resume(self, subscription: Object) -> None:
        """A paused subscription runs again, with a cycle that begins now."""
        subscription["billing_cycle_anchor"] = self._times.now_of(subscription)
        self._change(subscription, lambda: self._begin(subscription, "subscription_cycle"))
        self._events.record("customer.subscription.resumed", subscription)
        self.follow(subscription)

    def invoice_paid(self, invoice: Object) -> None:
        """Once its latest invoice is paid, a subscription is in order again."""
        subscription = self._latest_of(invoice)
        if subscription is not None and subscription["status"] in {"past_due", "unpaid", "incomplete"}:
            self._change(subscription, lambda: subscription.update({"status": "active"}))
            self.follow(subscription)

    def invoice_failed(self, invoice: Object, last: bool) -> None:
        """An attempt to take money failed; after the last one the account's setting rules."""
        subscription = self._latest_of(invoice)
        if subscription is None or subscription["status"] not in RUNNING:
            return
        status = self._settings.after_last_retry if last else "past_due"
        if status == "canceled":
            self.end(subscription, "payment_failed", bill_usage=False)
        elif subscription["status"] not in {status, "unpaid"}:
            self._change(subscription, lambda: subscription.update({"status": status}))

    def _latest_of(self, invoice: Object) -> Object | None:
        """The subscription, if it has begun and the invoice is its latest one."""
        identifier = subscription_of(invoice)
        if identifier is None or identifier not in self._followed:
            return None
        subscription = self._kept.get(identifier)
        return subscription if subscription["latest_invoice"] == invoice["id"] else None

    def _next_moment(self, subscription: Object) -> int | None:
        status, warning = subscription["status"], None
        if status in ENDED or status == "paused":
            return None
        if status == "incomplete":
            return int(subscription["created"]) + INCOMPLETE_SECONDS
        if status == "trialing" and (subscription["id"], subscription["trial_end"]) not in self._warned:
            warning = max(subscription["trial_end"] - WARNING_SECONDS, self._times.now_of(subscription))
        moments = (warning, subscription["cancel_at"], next_end(subscription))
        return min(moment for moment in moments if moment is not None)

    def _wake(self, subscription: Object) -> None:
        now = self._times.now_of(subscription)
        moment = self._next_moment(subscription)
        if moment is None or moment > now:
            return
        if subscription["status"] == "incomplete":
            self._expire(subscription)
        elif subscription["cancel_at"] is not None and subscription["cancel_at"] <= now:
            self.end(subscription, "cancellation_requested", bill_usage=True)
        elif subscription["status"] != "trialing":
            self._change(subscription, lambda: self._roll(subscription))
        elif subscription["trial_end"] <= now:
            self.end_trial(subscription)
        else:
            self._warned.add((subscription["id"], subscription["trial_end"]))
            self._events.record("customer.subscription.trial_will_end", subscription)
        self.follow(subscription)

    def _begin(self, subscription: Object, reason: str) -> None:
        """The first paid period; what was used before was free."""
        now = self._times.now_of(subscription)
        subscription["status"] = "active"
        for item in items_of(subscription):
            begin_period(item, now, subscription["billing_cycle_anchor"])
        self._invoicing.cycle(subscription, [], reason)

    def _roll(self, subscription: Object) -> None:
        """From one period into the next: bill what was used, and in advance what begins."""
        closed = deepcopy(items_of(subscription))
        for item in items_of(subscription):
            begin_period(item, item["current_period_end"], subscription["billing_cycle_anchor"])
        self._invoicing.cycle(subscription, closed, "subscription_cycle")

    def _expire(self, subscription: Object) -> None:
        now = self._times.now_of(subscription)
        expired = {"status": "incomplete_expired", "ended_at": now, "canceled_at": now}
        self._change(subscription, lambda: subscription.update(expired))

    def _change(self, subscription: Object, change: Callable[[], object]) -> None:
        previous = deepcopy(subscription)
        change()
        self._events.record("customer.subscription.updated", subscription, previous)
