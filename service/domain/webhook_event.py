"""What Stripe reports, cut down to what the service needs of it. Instants are unix seconds, amounts whole cents."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Detail = str | int | None
Details = Mapping[str, Detail]

METER_ERRORS = frozenset({"v1.billing.meter.error_report_triggered", "v1.billing.meter.no_meter_found"})
"""Thin events: they name nothing but themselves, and what happened is fetched."""
CHECKOUT_COMPLETED = "checkout.session.completed"


class EventFormatError(ValueError):
    """The body is no event of Stripe's."""


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """`customer_id` is empty where the event names none; `details` are those that a tenant is told."""

    event_id: str
    type: str
    created: int
    customer_id: str
    details: Details = field(default_factory=dict)


def read_event(document: object) -> WebhookEvent:
    """Read a decoded body, snapshot or thin; raises EventFormatError."""
    match document:
        case {"object": "event", "id": str(event_id), "type": str(kind), "created": int(created), "data": dict(data)}:
            thing, previous = _mapping(data.get("object")), _mapping(data.get("previous_attributes"))
            customer_id = _customer(thing) or _customer(previous)
            return WebhookEvent(event_id, kind, created, customer_id, _details(kind, thing))
        case {"object": "v2.core.event", "id": str(event_id), "type": str(kind), "created": str(created)}:
            return WebhookEvent(event_id, kind, _instant(created), "")
    raise EventFormatError("expected an event of Stripe's with object, id, type and created")


def _trial(subscription: Mapping[str, Any]) -> Details:
    return {"trial_ends_at": _whole(subscription, "trial_end")}


def _invoice(invoice: Mapping[str, Any]) -> dict[str, Detail]:
    return {
        "invoice": _text(invoice, "id"),
        "number": _text(invoice, "number"),
        "currency": _text(invoice, "currency"),
    }


def _finalized(invoice: Mapping[str, Any]) -> Details:
    return {**_invoice(invoice), "amount_due_cents": _whole(invoice, "amount_due")}


def _paid(invoice: Mapping[str, Any]) -> Details:
    return {**_invoice(invoice), "amount_paid_cents": _whole(invoice, "amount_paid")}


def _payment_failed(invoice: Mapping[str, Any]) -> Details:
    return {
        **_invoice(invoice),
        "amount_remaining_cents": _whole(invoice, "amount_remaining"),
        "attempt": _whole(invoice, "attempt_count"),
        "next_attempt_at": _whole(invoice, "next_payment_attempt"),
    }


def _charge(charge: Mapping[str, Any]) -> Details:
    return {
        "charge": _text(charge, "id"),
        "currency": _text(charge, "currency"),
        "amount_cents": _whole(charge, "amount"),
        "code": _text(charge, "failure_code"),
        "reason": _text(charge, "failure_message"),
    }


def _method(method: Mapping[str, Any]) -> Details:
    card = _mapping(method.get("card"))
    return {
        "payment_method": _text(method, "id"),
        "kind": _text(method, "type"),
        "brand": _text(card, "brand"),
        "last4": _text(card, "last4"),
    }


def _checkout(session: Mapping[str, Any]) -> Details:
    return {"checkout": _text(session, "id"), "mode": _text(session, "mode")}


def _nothing(_: Mapping[str, Any]) -> Details:
    return {}


_DETAILS: Mapping[str, Callable[[Mapping[str, Any]], Details]] = {
    CHECKOUT_COMPLETED: _checkout,
    "customer.subscription.created": _nothing,
    "customer.subscription.updated": _nothing,
    "customer.subscription.deleted": _nothing,
    "customer.subscription.paused": _nothing,
    "customer.subscription.resumed": _nothing,
    "customer.subscription.trial_will_end": _trial,
    "invoice.finalized": _finalized,
    "invoice.paid": _paid,
    "invoice.payment_failed": _payment_failed,
    "invoice.marked_uncollectible": _nothing,
    "invoice.voided": _nothing,
    "charge.failed": _charge,
    "payment_method.attached": _method,
    "payment_method.detached": _method,
}
HANDLED = frozenset({*_DETAILS, *METER_ERRORS})
"""Types of events that have an effect."""


def _details(kind: str, thing: Mapping[str, Any]) -> Details:
    return _DETAILS.get(kind, _nothing)(thing)


def _customer(thing: Mapping[str, Any]) -> str:
    """The customer's id, which is a whole object where it was expanded."""
    customer = thing.get("customer")
    return customer if isinstance(customer, str) else _text(_mapping(customer), "id") or ""


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(thing: Mapping[str, Any], name: str) -> str | None:
    value = thing.get(name)
    return value if isinstance(value, str) else None


def _whole(thing: Mapping[str, Any], name: str) -> int | None:
    value = thing.get(name)
    return value if isinstance(value, int) else None


def _instant(text: str) -> int:
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except ValueError as error:
        raise EventFormatError(f"created: expected an RFC 3339 instant, got {text[:40]!r}") from error
