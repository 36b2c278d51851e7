"""Payment methods: test cards, and which customer holds them."""

from chaos.lab.stripe_sandbox import cards
from chaos.lab.stripe_sandbox.cards import Card
from chaos.lab.stripe_sandbox.customers import Customers
from chaos.lab.stripe_sandbox.errors import RefusedError, invalid_parameter, no_such
from chaos.lab.stripe_sandbox.events import Events
from chaos.lab.stripe_sandbox.objects import PAGING, Collection, Object, new_id
from chaos.lab.stripe_sandbox.params import Params
from chaos.lab.stripe_sandbox.timeline import Times

ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
CONTACT = ("email", "name", "phone")


class PaymentMethods:
    """The endpoints under /v1/payment_methods."""

    def __init__(self, customers: Customers, events: Events, times: Times) -> None:
        self._customers = customers
        self._events = events
        self._times = times
        self._cards: dict[str, Card] = {}
        self.kept = Collection("PaymentMethod", indexed=("customer",))

    def create(self, params: Params) -> Object:
        """POST /v1/payment_methods: a card by a test number or a test token."""
        params.accept("allow_redisplay", "billing_details", "card", "metadata", "type")
        params.choice("type", ("card",))
        card = _read_card(params.required_group("card"))
        return self._keep(card, params.metadata({}), _billing_details(params.group("billing_details")))

    def retrieve(self, params: Params, identifier: str) -> Object:
        """GET /v1/payment_methods/{id}"""
        params.accept()
        return self.find(identifier, "id")

    def update(self, params: Params, identifier: str) -> Object:
        """POST /v1/payment_methods/{id}"""
        params.accept("billing_details", "metadata")
        method = self.find(identifier, "id")
        previous = dict(method)
        method["metadata"] = params.metadata(method["metadata"])
        if "billing_details" in params:
            method["billing_details"] = _billing_details(params.group("billing_details"))
        self._events.record("payment_method.updated", method, previous)
        return method

    def attach(self, params: Params, identifier: str) -> Object:
        """POST /v1/payment_methods/{id}/attach; `pm_card_visa` and its like give a new method each time."""
        params.accept("customer")
        customer = self._customers.living(params.required_text("customer"), "customer")
        return self.give(identifier, customer, "id")

    def detach(self, params: Params, identifier: str) -> Object:
        """POST /v1/payment_methods/{id}/detach; it is nobody's default any more."""
        params.accept()
        method = self.find(identifier, "id")
        if method["customer"] is None:
            raise RefusedError(400, "The payment method you provided is not attached to a customer.")
        previous = dict(method)
        self._customers.forget_method(method["customer"], identifier)
        method["customer"] = None
        self._events.record("payment_method.detached", method, previous)
        return method

    def index(self, params: Params) -> Object:
        """GET /v1/payment_methods, of one customer."""
        params.accept("customer", "type", *PAGING)
        params.choice("type", ("card",))
        params.required_text("customer")
        return self.kept.page(params, "/v1/payment_methods")

    def index_of(self, params: Params, identifier: str) -> Object:
        """GET /v1/customers/{id}/payment_methods"""
        params.accept("type", *PAGING)
        params.choice("type", ("card",))
        self._customers.living(identifier, "id")
        url = f"/v1/customers/{identifier}/payment_methods"
        return self.kept.page(Params({**params.tree, "customer": identifier}), url)

    def find(self, identifier: str, param: str) -> Object:
        """The method of that id; a test card's name makes one."""
        card = cards.by_name(identifier)
        return self.kept.get(identifier, param) if card is None else self._keep(card, {}, _billing_details(None))

    def give(self, identifier: str, customer: Object, param: str) -> Object:
        """Attach a method to a customer; RefusedError (402) if the card will not have it."""
        method = self.find(identifier, param)
        if method["customer"] == customer["id"]:
            return method
        if method["customer"] is not None:
            raise RefusedError(400, "The payment method you provided has already been attached to a customer.")
        card = self._cards[method["id"]]
        if card.refuses_attach:
            raise declined(card)
        method["customer"] = customer["id"]
        self._events.record("payment_method.attached", self.kept.add(method))
        return method

    def owned(self, identifier: str, customer: Object, param: str) -> Object:
        """A method that the customer holds already."""
        method = self.kept.get(identifier, param)
        if method["customer"] != customer["id"]:
            raise no_such("PaymentMethod", identifier, param)
        return method

    def card_of(self, identifier: str) -> Card:
        """What the method does when it is charged."""
        return self._cards[identifier]

    def _keep(self, card: Card, metadata: dict[str, str], billing_details: Object) -> Object:
        method = {
            "id": new_id("pm"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": billing_details,
            "card": _shown(card),
            "created": int(self._times.main()),
            "customer": None,
            "customer_account": None,
            "livemode": False,
            "metadata": metadata,
            "type": "card",
        }
        self._cards[str(method["id"])] = card
        return self.kept.add(method)


def declined(card: Card) -> RefusedError:
    """The answer to a request that a card refuses."""
    return RefusedError(402, cards.DECLINED, "card_error", "card_declined", decline_code=card.decline_code)


def _read_card(params: Params) -> Card:
    params.accept("cvc", "exp_month", "exp_year", "number", "token")
    token, number = params.text("token"), params.text("number")
    card = cards.by_name(token) if token is not None else cards.NUMBERS.get(number or "")
    if card is None:
        raise invalid_parameter("card", "The sandbox knows Stripe's test cards only.", "incorrect_number")
    return card


def _billing_details(params: Params | None) -> Object:
    if params is None:
        params = Params({})
    params.accept("address", *CONTACT)
    address = params.group("address") or Params({})
    address.accept(*ADDRESS)
    contact = {name: params.text(name) for name in CONTACT}
    return {"address": {name: address.text(name) for name in ADDRESS}, "tax_id": None, **contact}


def _shown(card: Card) -> Object:
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "display_brand": card.brand,
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": f"sandbox{card.last4}",
        "funding": "credit",
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
