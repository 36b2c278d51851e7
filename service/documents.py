"""Tenants, invoices and audit records as clients see them, in answers and in exports."""

from collections.abc import Iterable

from service.domain.tenant import Tenant
from service.domain.timestamp import format_rfc3339, format_seconds
from service.ledger.audit_trail import AuditRecord
from service.payments.objects import Invoice, InvoiceLine


def shown_tenant(tenant: Tenant) -> dict[str, object]:
    """The tenant, without its ids at Stripe."""
    return {
        "tenant_id": tenant.tenant_id,
        "name": tenant.name,
        "email": tenant.email,
        "plan": tenant.plan,
        "status": tenant.status,
        "dunning": tenant.dunning,
        "created_at": format_seconds(tenant.created_at),
        "trial_ends_at": format_seconds(tenant.trial_ends_at),
        "cancel_at": _instant(tenant.cancel_at),
        "canceled_at": _instant(tenant.canceled_at),
        "monthly_budget_cents": tenant.monthly_budget_cents,
        "version": tenant.version,
    }


def shown_invoice(invoice: Invoice) -> dict[str, object]:
    """The invoice, amounts in whole cents."""
    return {
        "id": invoice.id,
        "number": invoice.number,
        "status": invoice.status,
        "currency": invoice.currency,
        "amount_due_cents": invoice.amount_due_cents,
        "amount_paid_cents": invoice.amount_paid_cents,
        "amount_remaining_cents": invoice.amount_remaining_cents,
        "created_at": format_seconds(invoice.created),
        "due_at": _instant(invoice.due),
        "period": _period(invoice.period_start, invoice.period_end),
        "hosted_url": invoice.hosted_url,
        "pdf_url": invoice.pdf_url,
        "lines": [_shown_line(line) for line in invoice.lines],
    }


def shown_proration(lines: Iterable[InvoiceLine]) -> dict[str, object]:
    """What an invoice's lines have for changes within the period, amounts in whole cents."""
    prorated = [line for line in lines if line.is_proration]
    return {
        "lines": [
            {
                "description": line.description,
                "period": _period(line.period_start, line.period_end),
                "amount_cents": line.amount_cents,
            }
            for line in prorated
        ],
        "total_cents": sum(line.amount_cents for line in prorated),
    }


def shown_record(record: AuditRecord) -> dict[str, object]:
    """The record of the audit trail."""
    return {
        "id": record.id,
        "at": format_rfc3339(record.at),
        "actor": record.entry.actor,
        "action": record.entry.action,
        "request_id": record.entry.request_id,
        "details": dict(record.entry.details),
    }


def _shown_line(line: InvoiceLine) -> dict[str, object]:
    return {
        "description": line.description,
        "quantity": line.quantity,
        "amount_cents": line.amount_cents,
        "period": _period(line.period_start, line.period_end),
        "proration": line.is_proration,
    }


def _period(start: int, end: int) -> dict[str, str]:
    return {"start": format_seconds(start), "end": format_seconds(end)}


def _instant(seconds: int | None) -> str | None:
    return None if seconds is None else format_seconds(seconds)
