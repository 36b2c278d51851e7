"""Customers."""

from collections.abc import Callable
from copy import deepcopy

from chaos.lab.stripe_sandbox.errors import no_such
from chaos.lab.stripe_sandbox.events import Events
from chaos.lab.stripe_sandbox.objects import PAGING, Clock, Collection, Object, new_id
from chaos.lab.stripe_sandbox.params import Params

FIELDS = ("description", "email", "name", "phone")


class Customers:
    """The endpoints under /v1/customers."""

    def __init__(self, events: Events, clock: Clock) -> None:
        self._events = events
        self._clock = clock
        self.kept = Collection("customer")
        self.before_delete: Callable[[str], None] = lambda _: None

    def create(self, params: Params) -> Object:
        """POST /v1/customers"""
        params.accept("metadata", *FIELDS)
        customer: Object = {
            "id": new_id("cus"),
            "object": "customer",
            "address": None,
            "balance": 0,
            "created": int(self._clock()),
            "currency": None,
            "default_source": None,
            "delinquent": False,
            "discount": None,
            "invoice_settings": {
                "custom_fields": None,
                "default_payment_method": None,
                "footer": None,
                "rendering_options": None,
            },
            "livemode": False,
            "metadata": params.metadata({}),
            "preferred_locales": [],
            "shipping": None,
            "tax_exempt": "none",
            "test_clock": None,
        } | {field: params.text(field) for field in FIELDS}
        self._events.record("customer.created", self.kept.add(customer))
        return customer

    def retrieve(self, params: Params, identifier: str) -> Object:
        """GET /v1/customers/{id}; a deleted customer answers as a stub."""
        params.accept()
        return self.kept.get(identifier)

    def update(self, params: Params, identifier: str) -> Object:
        """POST /v1/customers/{id}"""
        params.accept("metadata", *FIELDS)
        customer = self.living(identifier, "id")
        previous = deepcopy(customer)
        metadata = params.metadata(customer["metadata"])
        customer |= {field: params.text(field) for field in FIELDS if field in params}
        customer["metadata"] = metadata
        self._events.record("customer.updated", customer, previous)
        return customer

    def delete(self, params: Params, identifier: str) -> Object:
        """DELETE /v1/customers/{id}"""
        params.accept()
        customer = self.living(identifier, "id")
        self.before_delete(identifier)
        self._events.record("customer.deleted", customer)
        return self.kept.add({"id": identifier, "object": "customer", "deleted": True})

    def index(self, params: Params) -> Object:
        """GET /v1/customers"""
        params.accept("email", *PAGING)
        email = params.text("email")
        return self.kept.page(
            params,
            "/v1/customers",
            lambda customer: "deleted" not in customer and email in {None, customer["email"]},
        )

    def living(self, identifier: str, param: str) -> Object:
        """The customer, unless it was deleted."""
        customer = self.kept.get(identifier, param)
        if "deleted" in customer:
            raise no_such("customer", identifier, param)
        return customer
