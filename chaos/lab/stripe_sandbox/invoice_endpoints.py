"""The endpoints under /v1/invoices, apart from previews."""

from chaos.lab.stripe_sandbox.account import Account
from chaos.lab.stripe_sandbox.dunning import Dunning
from chaos.lab.stripe_sandbox.invoice_items import InvoiceItems
from chaos.lab.stripe_sandbox.invoice_lines import Span, of_invoice_item
from chaos.lab.stripe_sandbox.invoice_object import Heading, subscription_of
from chaos.lab.stripe_sandbox.invoices import Invoices
from chaos.lab.stripe_sandbox.objects import PAGING, Object, page_of
from chaos.lab.stripe_sandbox.params import Params

STATUSES = ("draft", "open", "paid", "uncollectible", "void")
COLLECTIONS = ("charge_automatically", "send_invoice")


class InvoiceEndpoints:
    """What requests may ask of invoices."""

    def __init__(self, account: Account, invoices: Invoices, items: InvoiceItems, dunning: Dunning) -> None:
        self._account = account
        self._invoices = invoices
        self._items = items
        self._dunning = dunning

    def create(self, params: Params) -> Object:
        """POST /v1/invoices: a draft with the items that wait."""
        params.accept("auto_advance", "collection_method", "currency", "customer", "days_until_due", "metadata")
        customer = self._account.customers.living(params.required_text("customer"), "customer")
        now = self._account.times.now_of(customer)
        pending = self._items.pending_of(customer["id"], None)
        method = params.choice("collection_method", COLLECTIONS) or "charge_automatically"
        currency = (params.text("currency") or "usd").lower()
        heading = Heading(customer, currency, "manual", Span(now, now), None, method, params.metadata({}))
        invoice = self._invoices.draft(heading, lambda: [of_invoice_item(item) for item in pending])
        self._items.put_on(pending, invoice["id"])
        invoice["auto_advance"] = params.flag("auto_advance") or False
        if invoice["auto_advance"]:
            self._dunning.finalize_later(invoice)
        return invoice

    def retrieve(self, params: Params, identifier: str) -> Object:
        """GET /v1/invoices/{id}; a draft counts what was used until now."""
        params.accept()
        return self._invoices.refresh(self._invoices.kept.get(identifier))

    def update(self, params: Params, identifier: str) -> Object:
        """POST /v1/invoices/{id}"""
        params.accept("auto_advance", "description", "metadata")
        invoice = self._invoices.kept.get(identifier)
        changes: Object = {"metadata": params.metadata(invoice["metadata"])}
        if "description" in params:
            changes["description"] = params.text("description")
        if "auto_advance" in params:
            changes["auto_advance"] = params.flag("auto_advance")
        invoice |= changes
        return invoice

    def delete(self, params: Params, identifier: str) -> Object:
        """DELETE /v1/invoices/{id}"""
        params.accept()
        return self._invoices.delete(self._invoices.kept.get(identifier))

    def index(self, params: Params) -> Object:
        """GET /v1/invoices"""
        params.accept("collection_method", "created", "customer", "due_date", "status", "subscription", *PAGING)
        status, subscription = params.choice("status", STATUSES), params.text("subscription")
        method, created = params.choice("collection_method", COLLECTIONS), params.time_range("created")
        due = params.time_range("due_date")

        def keep(invoice: Object) -> bool:
            return (
                status in {None, invoice["status"]}
                and subscription in {None, subscription_of(invoice)}
                and method in {None, invoice["collection_method"]}
                and created(invoice["created"])
                and ("due_date" not in params or (invoice["due_date"] is not None and due(invoice["due_date"])))
            )

        if subscription is None or "customer" in params:
            return self._invoices.kept.page(params, "/v1/invoices", keep)
        rows = reversed(self._invoices.of_subscription(subscription))
        return page_of(filter(keep, rows), params, "/v1/invoices")

    def lines(self, params: Params, identifier: str) -> Object:
        """GET /v1/invoices/{id}/lines"""
        params.accept(*PAGING)
        invoice = self._invoices.refresh(self._invoices.kept.get(identifier))
        return page_of(invoice["lines"]["data"], params, f"/v1/invoices/{identifier}/lines")

    def finalize(self, params: Params, identifier: str) -> Object:
        """POST /v1/invoices/{id}/finalize; charging it is a later matter, or another request's."""
        params.accept("auto_advance")
        return self._invoices.finalize(self._invoices.kept.get(identifier))

    def pay(self, params: Params, identifier: str) -> Object:
        """POST /v1/invoices/{id}/pay"""
        params.accept("off_session", "paid_out_of_band", "payment_method")
        invoice = self._invoices.kept.get(identifier)
        return self._dunning.pay(invoice, params.text("payment_method"), params.flag("paid_out_of_band") or False)

    def void(self, params: Params, identifier: str) -> Object:
        """POST /v1/invoices/{id}/void"""
        params.accept()
        return self._invoices.void(self._invoices.kept.get(identifier))

    def mark_uncollectible(self, params: Params, identifier: str) -> Object:
        """POST /v1/invoices/{id}/mark_uncollectible"""
        params.accept()
        return self._invoices.mark_uncollectible(self._invoices.kept.get(identifier))
