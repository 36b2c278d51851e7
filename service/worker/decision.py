"""What has to change at a tenant for it to be what Stripe says. Pure. Times are unix seconds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from service.domain.audit_entry import Detail
from service.domain.lifecycle import Facts, Lifecycle, Standing
from service.domain.lifecycle_terms import SubscriptionStatus
from service.domain.tenant import Tenant, TenantStatus
from service.payments.objects import Account, SubscriptionFacts, UnpaidInvoice

_HOUR_SECONDS = 3600
_UNCOLLECTED = frozenset({SubscriptionStatus.PAST_DUE, SubscriptionStatus.UNPAID})


class AccountIncomplete(ValueError):
    """Stripe does not show the tenant's subscription. Nothing is concluded from that: canceling is for good."""


@dataclass(frozen=True, slots=True)
class Step:
    """One change, as it stands in the audit trail."""

    action: str
    changes: Mapping[str, object]
    details: Mapping[str, Detail] = field(default_factory=dict)


def subscription_of(account: Account, tenant: Tenant) -> SubscriptionFacts | None:
    """The tenant's subscription, None if its customer is gone; raises AccountIncomplete."""
    if account.is_deleted:
        return None
    for subscription in account.subscriptions:
        if subscription.id == tenant.subscription_id:
            return subscription
    raise AccountIncomplete(f"expected subscription {tenant.subscription_id!r} of customer {account.customer_id}")


def facts_of(account: Account, subscription: SubscriptionFacts | None) -> Facts:
    """What the lifecycle decides by."""
    if subscription is None:
        return Facts(SubscriptionStatus.NONE)
    status = SubscriptionStatus(subscription.status)
    dates = (_overdue_since(invoice, status) for invoice in account.unpaid_invoices)
    return Facts(status, min((date for date in dates if date is not None), default=None), subscription.cancel_at)


def steps(
    tenant: Tenant, subscription: SubscriptionFacts | None, standing: Standing, lifecycle: Lifecycle, now: int
) -> Iterator[Step]:
    """The changes in order; raises TransitionRefused before the first of them."""
    before, after = (tenant.status, tenant.dunning), (standing.status, standing.dunning)
    because = lifecycle.reason(before, after) if before != after else ""
    if subscription is not None and standing.status is not TenantStatus.CANCELED:
        yield from _terms(tenant, subscription, standing)
    if before != after:
        changes: dict[str, object] = {"status": standing.status, "dunning": standing.dunning}
        if standing.status is TenantStatus.CANCELED:
            changes |= {"cancel_at": None, "canceled_at": tenant.canceled_at or _ended_at(subscription, now)}
        yield Step("tenant.status_changed", changes, {"because": because})


def _terms(tenant: Tenant, subscription: SubscriptionFacts, standing: Standing) -> Iterator[Step]:
    if subscription.plan not in (None, tenant.plan):
        yield Step("tenant.plan_changed", {"plan": subscription.plan})
    trial_ends_at = _full_hour(subscription.trial_end)
    if trial_ends_at not in (None, tenant.trial_ends_at):
        yield Step("tenant.trial_moved", {"trial_ends_at": trial_ends_at})
    if standing.cancel_at != tenant.cancel_at:
        action = "tenant.cancel_withdrawn" if standing.cancel_at is None else "tenant.cancel_requested"
        yield Step(action, {"cancel_at": standing.cancel_at})


def _overdue_since(invoice: UnpaidInvoice, status: SubscriptionStatus) -> int | None:
    """An open invoice is overdue once collecting it has failed, or when its due date passes."""
    if invoice.attempts > 0 or status in _UNCOLLECTED:
        return invoice.due or invoice.created
    return invoice.due


def _full_hour(instant: int | None) -> int | None:
    """Usage is metered by the hour, so a trial that is ended within one covers it to its end."""
    return None if instant is None else -(-instant // _HOUR_SECONDS) * _HOUR_SECONDS


def _ended_at(subscription: SubscriptionFacts | None, now: int) -> int:
    return now if subscription is None or subscription.ended_at is None else subscription.ended_at
