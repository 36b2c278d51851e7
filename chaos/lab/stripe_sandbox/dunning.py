"""Taking the money of open invoices: the first attempt, retries on a schedule, and who is told how it went."""

from collections.abc import Callable

from chaos.lab.stripe_sandbox.account import Account
from chaos.lab.stripe_sandbox.charges import Charges, Due
from chaos.lab.stripe_sandbox.errors import RefusedError
from chaos.lab.stripe_sandbox.invoices import Invoices
from chaos.lab.stripe_sandbox.objects import Object
from chaos.lab.stripe_sandbox.payment_methods import PaymentMethods, declined

DAY_SECONDS = 24 * 3600
PAYABLE = ("open", "uncollectible")


class Dunning:
    """Moves invoices on by themselves, as `auto_advance` says."""

    def __init__(self, account: Account, invoices: Invoices, methods: PaymentMethods, charges: Charges) -> None:
        self._customers = account.customers
        self._events = account.events
        self._times = account.times
        self._settings = account.settings
        self._invoices = invoices
        self._methods = methods
        self._charges = charges
        self._intents: dict[str, Object] = {}
        self.on_paid: Callable[[Object], None] = lambda _: None
        self.on_failed: Callable[[Object, bool], None] = lambda _, __: None

    def finalize_later(self, invoice: Object) -> None:
        """A draft stays one for an hour; then it is finalized and charged."""
        moment = self._times.now_of(invoice) + self._settings.draft_seconds
        invoice["automatically_finalizes_at"] = moment
        self._times.of(invoice).at(moment, lambda: self._advance(invoice))

    def finalize_now(self, invoice: Object) -> None:
        """Finalize and, if money is owed, charge."""
        self._invoices.finalize(invoice)
        if invoice["status"] == "paid":
            self.on_paid(invoice)
        elif invoice["collection_method"] == "charge_automatically":
            self.charge(invoice)

    def charge(self, invoice: Object, method_id: str | None = None, manual: bool = False) -> Object | None:
        """One attempt; the method that declined, or None if the invoice is paid now or there was no method.

        A manual attempt counts only when it is the first; it does not change the schedule of retries.
        """
        customer = self._customers.kept.get(invoice["customer"])
        method = self.method_for(invoice, customer, method_id)
        scheduled = not manual or invoice["attempt_count"] == 0
        invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + scheduled}
        due = Due(
            customer, invoice["amount_remaining"], invoice["currency"], f"Payment for invoice {invoice['number']}"
        )
        intent = self._intents.setdefault(invoice["id"], {}) or self._charges.intend(due)
        self._intents[invoice["id"]] = intent
        if method is not None:
            card = self._methods.card_of(method["id"])
            if self._charges.attempt(intent, due, method, card)["paid"]:
                self._settle(invoice)
                return None
        self._events.record("invoice.payment_failed", self._plan_retry(invoice) if scheduled else invoice)
        self.on_failed(invoice, invoice["next_payment_attempt"] is None)
        return method

    def pay(self, invoice: Object, method_id: str | None, out_of_band: bool) -> Object:
        """What the endpoint does: RefusedError (402) when the card declines or there is none."""
        if invoice["status"] == "draft":
            self._invoices.finalize(invoice)
        if invoice["status"] == "paid":
            raise RefusedError(400, "Invoice is already paid", code="invoice_already_paid")
        if invoice["status"] not in PAYABLE:
            raise RefusedError(400, f"This invoice is {invoice['status']}; it can not be paid.")
        if out_of_band:
            self._settle(invoice)
            return invoice
        customer = self._customers.kept.get(invoice["customer"])
        if self.method_for(invoice, customer, method_id) is None:
            raise no_method()
        refused = self.charge(invoice, method_id, manual=True)
        if refused is not None:
            raise declined(self._methods.card_of(refused["id"]))
        return invoice

    def method_for(self, invoice: Object, customer: Object, given: str | None = None) -> Object | None:
        """The given method, the subscription's, or the customer's default one."""
        default = customer.get("invoice_settings", {}).get("default_payment_method")
        if given is not None:
            return self._methods.owned(given, customer, "payment_method")
        for chosen in (invoice["default_payment_method"], default):
            if chosen is not None and self._methods.kept.get(chosen)["customer"] == customer["id"]:
                return self._methods.kept.get(chosen)
        return None

    def payments_of(self, invoice: Object) -> Object:
        """What `expand[]=payments` adds to an invoice: its payment intent, once there was an attempt."""
        intent = self._intents.get(invoice["id"])
        rows = [] if intent is None else [_payment(invoice, intent)]
        return {"object": "list", "url": "/v1/invoice_payments", "has_more": False, "data": rows}

    def _advance(self, invoice: Object) -> None:
        if invoice["status"] == "draft" and invoice["auto_advance"]:
            self.finalize_now(invoice)

    def _settle(self, invoice: Object) -> None:
        self._invoices.settle(invoice, invoice["amount_remaining"])
        self.on_paid(invoice)

    def _plan_retry(self, invoice: Object) -> Object:
        """After attempt n comes the n-th pause; after the last one, none."""
        pauses, number = self._settings.retry_days, invoice["attempt_count"]
        invoice["next_payment_attempt"] = None
        if number <= len(pauses):
            moment = self._times.now_of(invoice) + pauses[number - 1] * DAY_SECONDS
            invoice["next_payment_attempt"] = moment
            self._times.of(invoice).at(moment, lambda: self._retry(invoice, moment))
        return invoice

    def _retry(self, invoice: Object, moment: int) -> None:
        if invoice["status"] == "open" and invoice["next_payment_attempt"] == moment:
            self.charge(invoice)


def no_method() -> RefusedError:
    """Neither the customer nor the subscription has anything to pay with."""
    message = "This customer has no attached payment source or default payment method. Please consider adding one."
    return RefusedError(400, message, code="resource_missing")


def _payment(invoice: Object, intent: Object) -> Object:
    paid = intent["status"] == "succeeded"
    paid_at = invoice["status_transitions"]["paid_at"] if paid else None
    return {
        "id": f"inpay_{intent['id'].removeprefix('pi_')}",
        "object": "invoice_payment",
        "amount_paid": intent["amount_received"] if paid else None,
        "amount_requested": intent["amount"],
        "created": intent["created"],
        "currency": intent["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
        "status": "paid" if paid else "open",
        "status_transitions": {"canceled_at": None, "paid_at": paid_at},
    }
