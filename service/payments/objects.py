"""What Stripe told us, as frozen data: nothing of Stripe's library leaves this package.

Amounts are in whole cents, instants in unix seconds.
"""

from dataclasses import dataclass
from enum import StrEnum

from service.domain.tenant import Plan


class Delivery(StrEnum):
    """What became of a meter event; a duplicate was delivered earlier under the same identifier."""

    DELIVERED = "delivered"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """`quantity` is None where the line has none, `price_id` where it comes from no price."""

    description: str
    quantity: int | None
    amount_cents: int
    period_start: int
    period_end: int
    price_id: str | None
    is_proration: bool


@dataclass(frozen=True, slots=True)
class Invoice:
    """`status` is draft, open, paid, uncollectible or void; `number` and the URLs are there once it is finalized."""

    id: str
    number: str | None
    status: str
    currency: str
    amount_due_cents: int
    amount_paid_cents: int
    amount_remaining_cents: int
    created: int
    due: int | None
    period_start: int
    period_end: int
    hosted_url: str | None
    pdf_url: str | None
    lines: tuple[InvoiceLine, ...]


@dataclass(frozen=True, slots=True)
class InvoicePage:
    """Newest first; the next page starts after the last invoice's id."""

    invoices: tuple[Invoice, ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class UnpaidInvoice:
    """`attempts` counts the tries to collect; `next_attempt` is None where none is planned."""

    id: str
    created: int
    due: int | None
    amount_remaining_cents: int
    attempts: int
    next_attempt: int | None


@dataclass(frozen=True, slots=True)
class SubscriptionFacts:
    """`status` is Stripe's; `plan` is None where neither a price nor the metadata names one of ours."""

    id: str
    status: str
    plan: Plan | None
    created: int
    trial_end: int | None
    cancel_at: int | None
    canceled_at: int | None
    ended_at: int | None
    period_start: int | None
    period_end: int | None


@dataclass(frozen=True, slots=True)
class Account:
    """A customer as it is now; subscriptions newest first, canceled ones included, and the open invoices.

    `tenant_id` is None where the customer is deleted or not ours. `payment_methods` are the ids of the attached ones,
    newest first; `default_payment_method` is the one that invoices are collected with.
    """

    customer_id: str
    is_deleted: bool
    tenant_id: str | None
    default_payment_method: str | None
    payment_methods: tuple[str, ...]
    subscriptions: tuple[SubscriptionFacts, ...]
    unpaid_invoices: tuple[UnpaidInvoice, ...]


@dataclass(frozen=True, slots=True)
class MeterError:
    """One kind of refusal; `identifiers` and `messages` belong to a sample of the refused events."""

    code: str
    count: int
    identifiers: tuple[str, ...]
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MeterErrorReport:
    """Meter events that Stripe refused after it had taken them; `meter_id` is None where there was no such meter."""

    event_id: str
    meter_id: str | None
    summary: str
    error_count: int
    window_start: str
    window_end: str
    errors: tuple[MeterError, ...]
