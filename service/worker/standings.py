"""Brings tenants to where Stripe says they are, one worker a tenant at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from service.domain.audit_entry import AuditEntry
from service.domain.lifecycle import Lifecycle, Standing
from service.domain.tenant import Tenant, TenantStatus
from service.errors import NotFoundError
from service.ledger.leases import Leases
from service.ledger.reviews import RECONCILE_SECONDS, Reviews
from service.ledger.tenants import TenantBook
from service.payments.gateway import StripeGateway
from service.payments.objects import Account
from service.worker.decision import facts_of, steps, subscription_of


@dataclass(frozen=True, slots=True)
class Standings:
    """The state is fetched under the tenant's lease and written under its fence.

    So whoever writes has read later than everybody who wrote before, and neither the order of webhooks nor their number
    matters.
    """

    book: TenantBook
    gateway: StripeGateway
    leases: Leases
    reviews: Reviews
    lifecycle: Lifecycle
    clock: Callable[[], datetime]

    async def refresh(self, tenant_id: str, actor: str, request_id: str) -> None:
        """Fetch, derive, write, and plan the next review.

        Raises ServiceError where another try is worth it, AccountIncomplete or TransitionRefused where it may not be.
        """
        async with self.leases.held(tenant_id) as fence:
            tenant = await self.book.read(tenant_id)
            if tenant is None:
                raise NotFoundError(f"there is no tenant {tenant_id} yet")
            account = await self._account(tenant)
            now = int(self.clock().timestamp())
            subscription = subscription_of(account, tenant)
            standing = self.lifecycle.derive(facts_of(account, subscription), now)
            for step in steps(tenant, subscription, standing, self.lifecycle, now):
                entry = AuditEntry(actor, step.action, request_id, step.details)
                tenant = await self.book.change(
                    tenant_id, step.changes, entry, expected_version=tenant.version, fence=fence
                )
            await self.reviews.schedule(tenant_id, _review_at(standing, now))

    async def _account(self, tenant: Tenant) -> Account:
        """Fetch the state; a payment method that Checkout has attached is put to use first."""
        account = await self.gateway.account(tenant.customer_id)
        if account.is_deleted or account.default_payment_method or not account.payment_methods:
            return account
        newest = account.payment_methods[0]
        await self.gateway.use_payment_method(tenant.customer_id, newest, f"use-{tenant.tenant_id}-{newest}")
        return await self.gateway.account(tenant.customer_id)


def _review_at(standing: Standing, now: int) -> int | None:
    """When time alone changes the standing, at the latest when a lost webhook shall have healed."""
    if standing.status is TenantStatus.CANCELED:
        return None
    return min(standing.next_review_at or now + RECONCILE_SECONDS, now + RECONCILE_SECONDS)
