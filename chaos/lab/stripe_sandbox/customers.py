"""Customers."""

from collections.abc import Callable
from copy import deepcopy

from chaos.lab.stripe_sandbox.errors import no_such
from chaos.lab.stripe_sandbox.events import Events
from chaos.lab.stripe_sandbox.objects import PAGING, Collection, Object, new_id
from chaos.lab.stripe_sandbox.params import Params
from chaos.lab.stripe_sandbox.timeline import Times

FIELDS = ("description", "email", "name", "phone")
ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
CHANGEABLE = ("address", "invoice_settings", "metadata", *FIELDS)


class Customers:
    """The endpoints under /v1/customers."""

    def __init__(self, events: Events, times: Times) -> None:
        self._events = events
        self._times = times
        self.kept = Collection("customer", indexed=("email", "test_clock"))
        self.before_delete: Callable[[str], None] = lambda _: None
        self.give_method: Callable[[str, Object, str], Object] = _no_methods
        self.owned_method: Callable[[str, Object, str], Object] = _no_methods

    def create(self, params: Params) -> Object:
        """POST /v1/customers"""
        params.accept("payment_method", "test_clock", *CHANGEABLE)
        clock = params.text("test_clock")
        if clock is not None and clock not in self._times.test_clocks:
            raise no_such("test_clock", clock, "test_clock")
        customer = _new(clock)
        customer["created"] = self._times.now_of(customer)
        customer |= _changes(params, customer)
        self.kept.add(customer)
        self._settle_method(params, customer)
        self._events.record("customer.created", customer)
        return customer

    def retrieve(self, params: Params, identifier: str) -> Object:
        """GET /v1/customers/{id}; a deleted customer answers as a stub."""
        params.accept()
        return self.kept.get(identifier)

    def update(self, params: Params, identifier: str) -> Object:
        """POST /v1/customers/{id}"""
        params.accept(*CHANGEABLE)
        customer = self.living(identifier, "id")
        previous = deepcopy(customer)
        changes = _changes(params, customer)
        self._settle_method(params, customer)
        customer |= changes
        self._events.record("customer.updated", self.kept.add(customer), previous)
        return customer

    def delete(self, params: Params, identifier: str) -> Object:
        """DELETE /v1/customers/{id}"""
        params.accept()
        return self.end(self.living(identifier, "id"))

    def end(self, customer: Object) -> Object:
        """Leave a stub of a customer; what it still had ends with it."""
        self.before_delete(customer["id"])
        self._events.record("customer.deleted", customer)
        customer |= {"email": None, "test_clock": None}
        return self.kept.add({"id": customer["id"], "object": "customer", "deleted": True})

    def index(self, params: Params) -> Object:
        """GET /v1/customers"""
        params.accept("created", "email", "test_clock", *PAGING)
        created = params.time_range("created")
        return self.kept.page(
            params, "/v1/customers", lambda customer: "deleted" not in customer and created(customer["created"])
        )

    def living(self, identifier: str, param: str) -> Object:
        """The customer, unless it was deleted."""
        customer = self.kept.get(identifier, param)
        if "deleted" in customer:
            raise no_such("customer", identifier, param)
        return customer

    def make_default(self, customer: Object, method_id: str | None) -> None:
        """Let invoices be paid with that method from now on."""
        previous = deepcopy(customer)
        customer["invoice_settings"]["default_payment_method"] = method_id
        self._events.record("customer.updated", customer, previous)

    def forget_method(self, identifier: str, method_id: str) -> None:
        """A method left the customer; it is no default any more."""
        customer = self.kept.get(identifier)
        if customer.get("invoice_settings", {}).get("default_payment_method") == method_id:
            self.make_default(customer, None)

    def _settle_method(self, params: Params, customer: Object) -> None:
        """Attach the method that creation names, and set the default one."""
        given = params.text("payment_method")
        attached = None if given is None else self.give_method(given, customer, "payment_method")
        settings = params.group("invoice_settings")
        if settings is None:
            return
        settings.accept("default_payment_method", "footer")
        if "footer" in settings:
            customer["invoice_settings"]["footer"] = settings.text("footer")
        if "default_payment_method" not in settings:
            return
        chosen = settings.text("default_payment_method")
        if chosen is not None and (attached is None or chosen != given):
            chosen = self.owned_method(chosen, customer, "invoice_settings[default_payment_method]")["id"]
        elif attached is not None:
            chosen = attached["id"]
        customer["invoice_settings"]["default_payment_method"] = chosen


def _no_methods(identifier: str, _: Object, param: str) -> Object:
    raise no_such("PaymentMethod", identifier, param)


def _new(test_clock: str | None) -> Object:
    identifier = new_id("cus")
    return {
        "id": identifier,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": 0,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "discount": None,
        "invoice_prefix": identifier.removeprefix("cus_")[:8].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "next_invoice_sequence": 1,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": test_clock,
    } | dict.fromkeys(FIELDS)


def _changes(params: Params, current: Object) -> Object:
    changes: Object = {field: params.text(field) for field in FIELDS if field in params}
    changes["metadata"] = params.metadata(current["metadata"])
    if "address" in params:
        address = params.group("address") if params.tree["address"] != "" else None
        if address is not None:
            address.accept(*ADDRESS)
        changes["address"] = None if address is None else {name: address.text(name) for name in ADDRESS}
    return changes
