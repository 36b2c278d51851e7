"""Charges and the payment intents behind them: one pair for each attempt to take money."""

from dataclasses import dataclass

from chaos.lab.stripe_sandbox import cards
from chaos.lab.stripe_sandbox.cards import Card
from chaos.lab.stripe_sandbox.events import Events
from chaos.lab.stripe_sandbox.objects import PAGING, Collection, Object, new_id
from chaos.lab.stripe_sandbox.params import Params
from chaos.lab.stripe_sandbox.timeline import Times


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be paid: an amount in whole cents, by whom, and for what."""

    customer: Object
    amount_cents: int
    currency: str
    description: str


class Charges:
    """The endpoints under /v1/charges and /v1/payment_intents, to read."""

    def __init__(self, events: Events, times: Times) -> None:
        self._events = events
        self._times = times
        self.kept = Collection("charge", indexed=("customer", "payment_intent"))
        self.intents = Collection("payment_intent", indexed=("customer",))

    def retrieve(self, params: Params, identifier: str) -> Object:
        """GET /v1/charges/{id}"""
        params.accept()
        return self.kept.get(identifier)

    def index(self, params: Params) -> Object:
        """GET /v1/charges"""
        params.accept("created", "customer", "payment_intent", *PAGING)
        created = params.time_range("created")
        return self.kept.page(params, "/v1/charges", lambda charge: created(charge["created"]))

    def retrieve_intent(self, params: Params, identifier: str) -> Object:
        """GET /v1/payment_intents/{id}"""
        params.accept("client_secret")
        return self.intents.get(identifier)

    def index_intents(self, params: Params) -> Object:
        """GET /v1/payment_intents"""
        params.accept("created", "customer", *PAGING)
        created = params.time_range("created")
        return self.intents.page(params, "/v1/payment_intents", lambda intent: created(intent["created"]))

    def intend(self, due: Due) -> Object:
        """An intent that waits for a payment method."""
        return self.intents.add(_intent(due, self._times.now_of(due.customer)))

    def attempt(self, intent: Object, due: Due, method: Object, card: Card) -> Object:
        """Charge the method once; the charge tells whether it worked."""
        charge = self.kept.add(_charge(intent, due, method, card, self._times.now_of(due.customer)))
        intent |= {"latest_charge": charge["id"]}
        if charge["paid"]:
            intent |= {"status": "succeeded", "amount_received": due.amount_cents, "payment_method": method["id"]}
            intent["last_payment_error"] = None
            names = ("charge.succeeded", "payment_intent.succeeded")
        else:
            intent |= {"status": "requires_payment_method", "last_payment_error": _error(charge, card, method)}
            names = ("charge.failed", "payment_intent.payment_failed")
        for name, thing in zip(names, (charge, intent), strict=True):
            self._events.record(name, thing)
        return charge


def _intent(due: Due, now: int) -> Object:
    identifier = new_id("pi")
    nothing: Object = dict.fromkeys(
        (
            *("application", "application_fee_amount", "automatic_payment_methods", "canceled_at"),
            *("cancellation_reason", "customer_account", "excluded_payment_method_types", "last_payment_error"),
            *("latest_charge", "next_action", "on_behalf_of", "payment_method", "processing", "receipt_email"),
            *("payment_method_configuration_details", "review", "setup_future_usage", "shipping", "source"),
            *("statement_descriptor", "statement_descriptor_suffix", "transfer_data", "transfer_group"),
        )
    )
    return nothing | {
        "id": identifier,
        "object": "payment_intent",
        "amount": due.amount_cents,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "capture_method": "automatic",
        "client_secret": f"{identifier}_secret_sandbox",
        "confirmation_method": "automatic",
        "created": now,
        "currency": due.currency,
        "customer": due.customer["id"],
        "description": due.description,
        "livemode": False,
        "metadata": {},
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
    }


def _charge(intent: Object, due: Due, method: Object, card: Card, now: int) -> Object:
    paid = card.decline_code is None
    nothing: Object = dict.fromkeys(
        (
            *("application", "application_fee", "application_fee_amount", "balance_transaction"),
            *("calculated_statement_descriptor", "failure_balance_transaction", "on_behalf_of", "receipt_email"),
            *("receipt_number", "receipt_url", "review", "shipping", "source", "source_transfer"),
            *("statement_descriptor", "statement_descriptor_suffix", "transfer_data", "transfer_group"),
        )
    )
    return nothing | {
        "id": new_id("ch"),
        "object": "charge",
        "amount": due.amount_cents,
        "amount_captured": due.amount_cents if paid else 0,
        "amount_refunded": 0,
        "billing_details": method["billing_details"],
        "captured": paid,
        "created": now,
        "currency": due.currency,
        "customer": due.customer["id"],
        "description": due.description,
        "disputed": False,
        "failure_code": None if paid else "card_declined",
        "failure_message": None if paid else cards.DECLINED,
        "fraud_details": {},
        "livemode": False,
        "metadata": {},
        "outcome": _outcome(card),
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"card": _card_details(card), "type": "card"},
        "refunded": False,
        "status": "succeeded" if paid else "failed",
    }


def _outcome(card: Card) -> Object:
    paid = card.decline_code is None
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None if paid else "01",
        "network_status": "approved_by_network" if paid else "declined_by_network",
        "reason": card.decline_code,
        "risk_level": "normal",
        "seller_message": "Payment complete." if paid else "The bank did not return any further details.",
        "type": "authorized" if paid else "issuer_declined",
    }


def _card_details(card: Card) -> Object:
    return {
        "amount_authorized": None,
        "authorization_code": None,
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": f"sandbox{card.last4}",
        "funding": "credit",
        "installments": None,
        "last4": card.last4,
        "mandate": None,
        "network": card.brand,
        "network_token": {"used": False},
        "network_transaction_id": None,
        "regulated_status": "unregulated",
        "three_d_secure": None,
        "transaction_link_id": None,
        "wallet": None,
    }


def _error(charge: Object, card: Card, method: Object) -> Object:
    return {
        "charge": charge["id"],
        "code": "card_declined",
        "decline_code": card.decline_code,
        "message": cards.DECLINED,
        "payment_method": dict(method),
        "type": "card_error",
    }
