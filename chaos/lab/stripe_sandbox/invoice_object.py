"""The shape of an invoice."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from chaos.lab.stripe_sandbox import invoice_lines
from chaos.lab.stripe_sandbox.invoice_lines import Span
from chaos.lab.stripe_sandbox.objects import Object

_NULL = (
    *("account_name", "account_tax_ids", "application", "automatically_finalizes_at", "confirmation_secret"),
    *("custom_fields", "customer_account", "customer_shipping", "default_source", "description", "due_date"),
    *("effective_at", "ending_balance", "footer", "from_invoice", "hosted_invoice_url", "invoice_pdf"),
    *("last_finalization_error", "latest_revision", "next_payment_attempt", "number", "on_behalf_of"),
    *("receipt_number", "rendering", "shipping_cost", "shipping_details", "statement_descriptor"),
    "webhooks_delivered_at",
)


@dataclass(frozen=True, slots=True)
class Heading:
    """What an invoice says besides its lines; `reason` is Stripe's billing_reason."""

    customer: Object
    currency: str
    reason: str
    span: Span
    subscription: Object | None = None
    collection_method: str = "charge_automatically"
    metadata: dict[str, str] = field(default_factory=dict)


def new_invoice(identifier: str, heading: Heading, lines: Sequence[Object], now: int) -> Object:
    """A draft."""
    nothing: Object = dict.fromkeys(_NULL)
    return (
        nothing
        | {
            "id": identifier,
            "object": "invoice",
            "account_country": "US",
            "amount_paid": 0,
            "amount_overpaid": 0,
            "amount_paid_off_stripe": 0,
            "amount_shipping": 0,
            "attempt_count": 0,
            "attempted": False,
            "auto_advance": True,
            "automatic_tax": dict.fromkeys(("disabled_reason", "liability", "provider", "status")) | {"enabled": False},
            "billing_reason": heading.reason,
            "collection_method": heading.collection_method,
            "created": now,
            "currency": heading.currency,
            "default_payment_method": None,
            "default_tax_rates": [],
            "discounts": [],
            "issuer": {"type": "self"},
            "livemode": False,
            "metadata": heading.metadata,
            "parent": _parent(heading.subscription),
            "payment_settings": dict.fromkeys(("default_mandate", "payment_method_options", "payment_method_types")),
            "period_end": heading.span.end,
            "period_start": heading.span.start,
            "post_payment_credit_notes_amount": 0,
            "pre_payment_credit_notes_amount": 0,
            "starting_balance": 0,
            "status": "draft",
            "status_transitions": dict.fromkeys(("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")),
        }
        | _about_customer(heading.customer)
        | totals(lines)
        | {"lines": invoice_lines.list_of(lines, identifier)}
    )


def totals(lines: Sequence[Object]) -> Object:
    """The sums over the lines of an invoice that nobody has paid yet."""
    total = sum(row["amount"] for row in lines)
    due = max(0, total)
    return {
        "amount_due": due,
        "amount_remaining": due,
        "subtotal": total,
        "subtotal_excluding_tax": total,
        "total": total,
        "total_discount_amounts": [],
        "total_excluding_tax": total,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
    }


def subscription_of(invoice: Object) -> str | None:
    """The id of the subscription that the invoice bills."""
    details = (invoice["parent"] or {}).get("subscription_details")
    return None if details is None else str(details["subscription"])


def _parent(subscription: Object | None) -> Object | None:
    if subscription is None:
        return None
    details = {"metadata": dict(subscription["metadata"]), "subscription": subscription["id"]}
    return {"quote_details": None, "subscription_details": details, "type": "subscription_details"}


def _about_customer(customer: Object) -> Object:
    return {
        "customer": customer["id"],
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_tax_exempt": customer["tax_exempt"],
        "customer_tax_ids": [],
        "test_clock": customer["test_clock"],
    }
