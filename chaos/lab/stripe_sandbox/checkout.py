"""Checkout sessions: a page on which a customer leaves a payment method, or begins a subscription."""

from chaos.lab.stripe_sandbox.account import Account
from chaos.lab.stripe_sandbox.checkout_object import new_session, new_setup_intent
from chaos.lab.stripe_sandbox.errors import RefusedError, invalid_parameter, missing_parameter
from chaos.lab.stripe_sandbox.objects import PAGING, Collection, Object, new_id
from chaos.lab.stripe_sandbox.origin import url_of
from chaos.lab.stripe_sandbox.params import Params
from chaos.lab.stripe_sandbox.payment_methods import PaymentMethods
from chaos.lab.stripe_sandbox.prices import Prices
from chaos.lab.stripe_sandbox.subscriptions import Subscriptions

DAY_SECONDS = 24 * 3600
MODES = ("setup", "subscription")
SUBSCRIPTION_DATA = (
    *("billing_cycle_anchor", "billing_cycle_anchor_config", "description", "metadata", "proration_behavior"),
    *("trial_end", "trial_period_days", "trial_settings"),
)
PLAIN = ("cancel_url", "client_reference_id", "customer_email", "locale", "success_url")


class Checkout:
    """The endpoints under /v1/checkout/sessions, and the customer who pays there."""

    def __init__(self, account: Account, methods: PaymentMethods, prices: Prices, subscriptions: Subscriptions) -> None:
        self._account = account
        self._methods = methods
        self._prices = prices
        self._subscriptions = subscriptions
        self._wishes: dict[str, Params] = {}
        self.kept = Collection("checkout.session", indexed=("customer", "subscription"))
        self.setup_intents = Collection("setup_intent")

    def create(self, params: Params) -> Object:
        """POST /v1/checkout/sessions"""
        params.accept(
            *("automatic_tax", "billing_address_collection", "currency", "customer", "customer_update"),
            *("expires_at", "line_items", "metadata", "mode", "payment_method_collection"),
            *("payment_method_types", "setup_intent_data", "subscription_data", "ui_mode", *PLAIN),
        )
        mode = params.choice("mode", MODES)
        if mode is None:
            raise missing_parameter("mode")
        customer_id = params.text("customer")
        if customer_id is not None:
            self._account.customers.living(customer_id, "customer")
        self._check(params, mode)
        session = self.kept.add(self._new(params, mode, customer_id))
        self._wishes[session["id"]] = params
        return session

    def retrieve(self, params: Params, identifier: str) -> Object:
        """GET /v1/checkout/sessions/{id}"""
        params.accept()
        return self.kept.get(identifier)

    def index(self, params: Params) -> Object:
        """GET /v1/checkout/sessions"""
        params.accept("created", "customer", "status", "subscription", *PAGING)
        created, status = params.time_range("created"), params.text("status")
        return self.kept.page(
            params,
            "/v1/checkout/sessions",
            lambda session: created(session["created"]) and status in {None, session["status"]},
        )

    def expire(self, params: Params, identifier: str) -> Object:
        """POST /v1/checkout/sessions/{id}/expire"""
        params.accept()
        session = self._open(identifier)
        self._expire(session)
        return session

    def line_items(self, params: Params, identifier: str) -> Object:
        """GET /v1/checkout/sessions/{id}/line_items"""
        params.accept(*PAGING)
        return self.line_items_of(self.kept.get(identifier))

    def line_items_of(self, session: Object) -> Object:
        """What `expand[]=line_items` adds to a session."""
        rows = self._wishes[session["id"]].groups("line_items")
        url = f"/v1/checkout/sessions/{session['id']}/line_items"
        return {"object": "list", "url": url, "has_more": False, "data": [self._line_item(row) for row in rows]}

    def retrieve_setup_intent(self, params: Params, identifier: str) -> Object:
        """GET /v1/setup_intents/{id}"""
        params.accept("client_secret")
        return self.setup_intents.get(identifier)

    def complete(self, identifier: str, method_id: str) -> str:
        """Act as the customer who pays with that method; answers where the page would lead."""
        session, wishes = self._open(identifier), self._wishes[identifier]
        customer = self._customer(session)
        method = self._methods.give(method_id, customer, "payment_method")
        if session["mode"] == "subscription":
            session |= self._begin(wishes, customer, method)
        else:
            self._keep(session, method)
        self._account.customers.make_default(customer, method["id"])
        session |= {"customer": customer["id"], "status": "complete", "url": None}
        session["customer_details"] = {
            **{name: customer[name] for name in ("address", "email", "name", "phone", "tax_exempt")},
            **{"business_name": None, "individual_name": None, "tax_ids": []},
        }
        self._account.events.record("checkout.session.completed", self.kept.add(session))
        return str(session["success_url"] or "").replace("{CHECKOUT_SESSION_ID}", identifier)

    def _new(self, params: Params, mode: str, customer_id: str | None) -> Object:
        identifier, now = new_id("cs_test"), int(self._account.times.main())
        expires_at = params.integer("expires_at") or now + DAY_SECONDS
        session = new_session(identifier, mode, url_of(f"/_sandbox/checkout/{identifier}"), now, expires_at)
        session |= {name: params.text(name) for name in PLAIN}
        session |= {"customer": customer_id, "metadata": params.metadata({})}
        if mode == "setup":
            data = params.group("setup_intent_data") or Params({})
            intent = self.setup_intents.add(new_setup_intent(customer_id, data.metadata({}), now))
            session["setup_intent"] = intent["id"]
        else:
            session["currency"] = self._price(params.groups("line_items")[0])["currency"]
        if "payment_method_collection" in params:
            choices = ("always", "if_required")
            session["payment_method_collection"] = params.choice("payment_method_collection", choices)
        self._account.times.main.at(expires_at, lambda: self._expire(session))
        return session

    def _check(self, params: Params, mode: str) -> None:
        params.choice("ui_mode", ("hosted", "hosted_page"))
        rows = params.groups("line_items")
        if mode == "subscription" and not rows:
            raise missing_parameter("line_items")
        if mode == "setup" and rows:
            raise invalid_parameter("line_items", "You can not pass `line_items` in `setup` mode.")
        for row in rows:
            row.accept("price", "quantity")
            self._price(row)
        (params.group("subscription_data") or Params({})).accept(*SUBSCRIPTION_DATA)
        (params.group("setup_intent_data") or Params({})).accept("description", "metadata")

    def _begin(self, wishes: Params, customer: Object, method: Object) -> Object:
        """The subscription, paid with the method, as its own default one."""
        data = wishes.group("subscription_data") or Params({})
        terms = Params({**data.tree, "default_payment_method": method["id"], "payment_behavior": "error_if_incomplete"})
        subscription = self._subscriptions.begin(terms, customer, wishes.groups("line_items"))
        return {
            "invoice": subscription["latest_invoice"],
            "payment_status": "paid" if subscription["status"] == "active" else "no_payment_required",
            "subscription": subscription["id"],
        }

    def _keep(self, session: Object, method: Object) -> None:
        intent = self.setup_intents.get(session["setup_intent"])
        intent |= {"status": "succeeded", "payment_method": method["id"], "customer": method["customer"]}
        self._account.events.record("setup_intent.succeeded", intent)

    def _customer(self, session: Object) -> Object:
        if session["customer"] is not None:
            return self._account.customers.living(session["customer"], "customer")
        email = session["customer_email"]
        return self._account.customers.create(Params({} if email is None else {"email": email}))

    def _open(self, identifier: str) -> Object:
        session = self.kept.get(identifier)
        if session["status"] != "open":
            raise RefusedError(400, f"This Checkout Session is {session['status']}; only open ones can be used.")
        return session

    def _expire(self, session: Object) -> None:
        if session["status"] == "open":
            session |= {"status": "expired", "url": None}
            self._account.events.record("checkout.session.expired", session)

    def _price(self, row: Params) -> Object:
        return self._prices.kept.get(row.required_text("price"), "line_items[price]")

    def _line_item(self, row: Params) -> Object:
        price, quantity = self._price(row), row.integer("quantity")
        cents = sum(charge.cents() for charge in self._prices.charges(price, quantity or 0))
        return {
            "id": f"li_{price['id'].removeprefix('price_')}",
            "object": "item",
            "amount_discount": 0,
            "amount_subtotal": cents,
            "amount_tax": 0,
            "amount_total": cents,
            "currency": price["currency"],
            "description": price["nickname"],
            "price": price,
            "quantity": quantity,
        }
