"""Invoices: from draft to open to paid, void or uncollectible."""

from collections.abc import Callable, Sequence
from copy import deepcopy

from chaos.lab.stripe_sandbox import invoice_lines
from chaos.lab.stripe_sandbox.customers import Customers
from chaos.lab.stripe_sandbox.errors import RefusedError, invalid_parameter
from chaos.lab.stripe_sandbox.events import Events
from chaos.lab.stripe_sandbox.invoice_object import Heading, new_invoice, subscription_of, totals
from chaos.lab.stripe_sandbox.objects import Collection, Object, new_id
from chaos.lab.stripe_sandbox.origin import url_of
from chaos.lab.stripe_sandbox.timeline import Times

Lines = Callable[[], list[Object]]
DAY_SECONDS = 24 * 3600
DAYS_UNTIL_DUE = 30


class Invoices:
    """All invoices, and the changes of their status."""

    def __init__(self, customers: Customers, events: Events, times: Times) -> None:
        self._customers = customers
        self._events = events
        self._times = times
        self._recipes: dict[str, Lines] = {}
        self.kept = Collection("invoice", indexed=("customer",))
        self._by_subscription: dict[str, list[Object]] = {}

    def draft(self, heading: Heading, lines: Lines) -> Object:
        """A new draft; its lines are made again until it is finalized, so that late usage is on it."""
        now = self._times.now_of(heading.customer)
        invoice = self.kept.add(new_invoice(new_id("in"), heading, lines(), now))
        self._recipes[invoice["id"]] = lines
        if heading.subscription is not None:
            invoice["default_payment_method"] = heading.subscription["default_payment_method"]
            if heading.collection_method == "send_invoice":
                days = heading.subscription["days_until_due"] or DAYS_UNTIL_DUE
                invoice["due_date"] = now + days * DAY_SECONDS
            self._by_subscription.setdefault(heading.subscription["id"], []).append(invoice)
        self._events.record("invoice.created", invoice)
        return invoice

    def of_subscription(self, identifier: str) -> Sequence[Object]:
        """The subscription's invoices, oldest first."""
        return self._by_subscription.get(identifier, [])

    def refresh(self, invoice: Object) -> Object:
        """Count a draft's lines again; they keep their ids."""
        recipe = self._recipes.get(invoice["id"])
        if invoice["status"] != "draft" or recipe is None:
            return invoice
        lines = recipe()
        for old, new in zip(invoice["lines"]["data"], lines, strict=False):
            new["id"] = old["id"]
        return self.set_lines(invoice, lines)

    def set_lines(self, invoice: Object, lines: Sequence[Object]) -> Object:
        """Replace the lines of a draft."""
        invoice |= totals(lines) | {"lines": invoice_lines.list_of(lines, invoice["id"])}
        return invoice

    def finalize(self, invoice: Object) -> Object:
        """Draft to open; an invoice without an amount due is paid at once."""
        if invoice["status"] != "draft":
            raise _not_in_state(invoice, "finalized", "draft")
        self.refresh(invoice)
        self._recipes.pop(invoice["id"], None)
        now = self._now(invoice)
        invoice |= {
            "status": "open",
            "number": self._number(invoice),
            "effective_at": now,
            "automatically_finalizes_at": None,
            "hosted_invoice_url": url_of(f"/_sandbox/invoices/{invoice['id']}"),
            "invoice_pdf": url_of(f"/_sandbox/invoices/{invoice['id']}/pdf"),
        }
        invoice["status_transitions"]["finalized_at"] = now
        self._events.record("invoice.finalized", invoice)
        if invoice["amount_due"] == 0:
            self.settle(invoice, 0)
        return invoice

    def settle(self, invoice: Object, amount_cents: int) -> None:
        """Open to paid."""
        invoice |= {
            "status": "paid",
            "attempted": True,
            "amount_paid": amount_cents,
            "amount_remaining": 0,
            "ending_balance": 0,
            "next_payment_attempt": None,
        }
        invoice["status_transitions"]["paid_at"] = self._now(invoice)
        for kind in ("invoice.paid", "invoice.payment_succeeded"):
            self._events.record(kind, invoice)

    def void(self, invoice: Object) -> Object:
        """Nothing is owed any more."""
        if invoice["status"] not in {"open", "uncollectible"}:
            raise _not_in_state(invoice, "voided", "open or uncollectible")
        return self._close(invoice, "void", "voided_at", "invoice.voided")

    def mark_uncollectible(self, invoice: Object) -> Object:
        """Owed, but given up."""
        if invoice["status"] != "open":
            raise _not_in_state(invoice, "marked as uncollectible", "open")
        return self._close(invoice, "uncollectible", "marked_uncollectible_at", "invoice.marked_uncollectible")

    def delete(self, invoice: Object) -> Object:
        """Forget a draft."""
        if invoice["status"] != "draft" or subscription_of(invoice) is not None:
            raise invalid_parameter("id", "You can only delete draft invoices without a subscription.")
        self.kept.remove(invoice["id"])
        self._events.record("invoice.deleted", invoice)
        return {"id": invoice["id"], "object": "invoice", "deleted": True}

    def _close(self, invoice: Object, status: str, moment: str, kind: str) -> Object:
        previous = deepcopy(invoice)
        invoice |= {"status": status, "next_payment_attempt": None, "auto_advance": False}
        if status == "void":
            invoice["amount_remaining"] = 0
        invoice["status_transitions"][moment] = self._now(invoice)
        self._events.record(kind, invoice, previous)
        return invoice

    def _number(self, invoice: Object) -> str:
        customer = self._customers.kept.get(invoice["customer"])
        if "deleted" in customer:
            return f"{invoice['id'].removeprefix('in_')[:8].upper()}-0001"
        number = customer["next_invoice_sequence"]
        customer["next_invoice_sequence"] = number + 1
        return f"{customer['invoice_prefix']}-{number:04d}"

    def _now(self, invoice: Object) -> int:
        return self._times.now_of(invoice)


def _not_in_state(invoice: Object, verb: str, wanted: str) -> RefusedError:
    message = f"This invoice is {invoice['status']}; only {wanted} invoices can be {verb}."
    return RefusedError(400, message, code="invoice_not_editable")
