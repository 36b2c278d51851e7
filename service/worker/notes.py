"""What a tenant reads in its audit trail about events at Stripe. Pure."""

from collections.abc import Iterator, Mapping

from service.domain.audit_entry import AuditEntry
from service.domain.tenant import TENANT_ID
from service.domain.webhook_event import CHECKOUT_COMPLETED, WebhookEvent
from service.payments.objects import MeterErrorReport

_ACTIONS: Mapping[str, str] = {
    CHECKOUT_COMPLETED: "payment_method.chosen",
    "customer.subscription.trial_will_end": "trial.ending",
    "invoice.finalized": "invoice.finalized",
    "invoice.paid": "invoice.paid",
    "invoice.payment_failed": "invoice.payment_failed",
    "charge.failed": "charge.failed",
    "payment_method.attached": "payment_method.attached",
    "payment_method.detached": "payment_method.detached",
}


def actor_of(event: WebhookEvent) -> str:
    return f"stripe:{event.event_id}"


def note_of(event: WebhookEvent, request_id: str) -> AuditEntry | None:
    """The entry about an event; None where the change that it causes says everything."""
    action = _ACTIONS.get(event.type)
    return AuditEntry(actor_of(event), action, request_id, event.details) if action else None


def refused_usage(report: MeterErrorReport, event: WebhookEvent, request_id: str) -> Iterator[tuple[str, AuditEntry]]:
    """Each tenant that the report is known to concern, with its entry.

    A meter event's identifier starts with the tenant's id and a colon; the report names a sample of them.
    """
    codes: dict[str, dict[str, str]] = {}
    for error in report.errors:
        for identifier in error.identifiers:
            tenant_id = identifier.partition(":")[0]
            if not any(TENANT_ID.faults(tenant_id, "")):
                codes.setdefault(tenant_id, {}).setdefault(error.code, identifier)
    for tenant_id, found in codes.items():
        details = {"codes": ", ".join(sorted(found)), "identifiers": ", ".join(sorted(found.values()))}
        yield tenant_id, AuditEntry(actor_of(event), "usage.delivery_refused", request_id, details)
