"""Invoice items: amounts that wait for the customer's next invoice."""

from collections.abc import Sequence
from decimal import Decimal

from chaos.lab.stripe_sandbox.customers import Customers
from chaos.lab.stripe_sandbox.errors import RefusedError
from chaos.lab.stripe_sandbox.objects import PAGING, Collection, Object, new_id
from chaos.lab.stripe_sandbox.params import Params
from chaos.lab.stripe_sandbox.tiers import plain
from chaos.lab.stripe_sandbox.timeline import Times


class InvoiceItems:
    """The endpoints under /v1/invoiceitems."""

    def __init__(self, customers: Customers, times: Times) -> None:
        self._customers = customers
        self._times = times
        self.kept = Collection("invoiceitem", indexed=("customer",))

    def create(self, params: Params) -> Object:
        """POST /v1/invoiceitems: an amount in whole cents, which may be negative."""
        params.accept("amount", "currency", "customer", "description", "metadata", "subscription")
        customer = self._customers.living(params.required_text("customer"), "customer")
        now = self._times.now_of(customer)
        amount = params.required_integer("amount")
        item = new_item(customer, now, amount, (params.text("currency") or "usd").lower())
        parent = None if "subscription" not in params else _parent(params.required_text("subscription"), None)
        given = {"description": params.text("description"), "metadata": params.metadata({}), "parent": parent}
        return self.kept.add(item | given)

    def retrieve(self, params: Params, identifier: str) -> Object:
        """GET /v1/invoiceitems/{id}"""
        params.accept()
        return self.kept.get(identifier)

    def delete(self, params: Params, identifier: str) -> Object:
        """DELETE /v1/invoiceitems/{id}, as long as it is on no invoice."""
        params.accept()
        if self.kept.get(identifier)["invoice"] is not None:
            raise RefusedError(400, "This invoice item is on an invoice already; only pending ones can be deleted.")
        self.kept.remove(identifier)
        return {"id": identifier, "object": "invoiceitem", "deleted": True}

    def index(self, params: Params) -> Object:
        """GET /v1/invoiceitems"""
        params.accept("customer", "invoice", "pending", *PAGING)
        invoice, pending = params.text("invoice"), params.flag("pending")
        return self.kept.page(
            params,
            "/v1/invoiceitems",
            lambda item: invoice in {None, item["invoice"]} and pending in {None, item["invoice"] is None},
        )

    def pending_of(self, customer_id: str, subscription_id: str | None) -> list[Object]:
        """What the next invoice of the subscription takes in."""
        waiting = (item for item in self.kept.of("customer", customer_id) if item["invoice"] is None)
        return [item for item in waiting if _subscription(item) in {None, subscription_id}]

    def put_on(self, items: Sequence[Object], invoice_id: str) -> None:
        """Mark items as taken in."""
        for item in items:
            item["invoice"] = invoice_id


def new_item(customer: Object, now: int, amount_cents: int, currency: str) -> Object:
    """An amount that is due now and hangs on nothing else."""
    return {
        "id": new_id("ii"),
        "object": "invoiceitem",
        "amount": amount_cents,
        "currency": currency,
        "customer": customer["id"],
        "customer_account": None,
        "date": now,
        "description": None,
        "discountable": True,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "net_amount": amount_cents,
        "parent": None,
        "period": {"start": now, "end": now},
        "pricing": {
            "price_details": None,
            "type": "price_details",
            "unit_amount_decimal": plain(Decimal(amount_cents)),
        },
        "proration": False,
        "proration_details": None,
        "quantity": 1,
        "quantity_decimal": "1",
        "tax_rates": [],
        "test_clock": customer["test_clock"],
    }


def from_line(customer: Object, now: int, line: Object) -> Object:
    """A prorated line of a subscription as an item that waits."""
    details = line["parent"]["subscription_item_details"]
    item = new_item(customer, now, line["amount"], line["currency"])
    return item | {
        "description": line["description"],
        "discountable": False,
        "parent": _parent(details["subscription"], details["subscription_item"]),
        "period": dict(line["period"]),
        "pricing": line["pricing"],
        "proration": True,
        "quantity": line["quantity"],
        "quantity_decimal": str(line["quantity"]),
    }


def _parent(subscription_id: str, item_id: str | None) -> Object:
    details = {"subscription": subscription_id, "subscription_item": item_id}
    return {"subscription_details": details, "type": "subscription_details"}


def _subscription(item: Object) -> str | None:
    return None if item["parent"] is None else item["parent"]["subscription_details"]["subscription"]
