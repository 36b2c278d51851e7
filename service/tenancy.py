"""Changes a tenant where it is billed and in the ledger, in that order.

A change that broke off between the two is healed by repeating it: each request says what shall be, not what differs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from service.domain.audit_entry import AuditEntry
from service.domain.seed import stripe_key
from service.domain.tenant import Tenant, TenantStatus
from service.domain.tenant_change import TenantChange
from service.errors import NotFoundError, TenantCanceledError, TenantSuspendedError, VersionConflictError
from service.ledger.tenants import TenantBook
from service.payments.gateway import StripeGateway


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes something, by which request; everything the request makes follows from its seed."""

    actor: str
    request_id: str
    seed: bytes

    def entry(self, action: str, details: Mapping[str, str | int | None] | None = None) -> AuditEntry:
        return AuditEntry(self.actor, action, self.request_id, details or {})


@dataclass(frozen=True, slots=True)
class Tenancy:
    """Raises PaymentsUnavailableError, PaymentsRejectedError, LedgerUnavailableError or VersionConflictError."""

    book: TenantBook
    gateway: StripeGateway
    clock: Callable[[], datetime]

    async def of(self, tenant_id: str) -> Tenant:
        """Raises NotFoundError."""
        tenant = await self.book.read(tenant_id)
        if tenant is None:
            raise NotFoundError
        return tenant

    async def running(self, tenant_id: str) -> Tenant:
        """The tenant, unless it is canceled; raises TenantCanceledError."""
        return _not_canceled(await self.of(tenant_id))

    async def change(self, tenant: Tenant, change: TenantChange, author: Author) -> Tenant:
        """Make the tenant what the change says, unless somebody changes it at the same time.

        Raises TenantCanceledError, and TenantSuspendedError for another plan.
        """
        _not_canceled(tenant)
        if tenant.status is TenantStatus.SUSPENDED and change.plan is not tenant.plan:
            raise TenantSuspendedError
        await self._bill(tenant, change, author.seed, "change")
        action = "tenant.updated" if change.plan is tenant.plan else "tenant.plan_changed"
        try:
            return await self.book.change(
                tenant.tenant_id, change.fields(), author.entry(action), expected_version=tenant.version
            )
        except VersionConflictError:
            current = await self.of(tenant.tenant_id)
            await self._bill(current, TenantChange.none(current), author.seed, "restore")
            raise

    async def cancel(self, tenant: Tenant, author: Author, *, at_period_end: bool) -> Tenant:
        """Cancel now or with the period that is paid for; a canceled tenant stays as it is."""
        if tenant.status is TenantStatus.CANCELED:
            return tenant
        key = stripe_key(author.seed, "cancel")
        cancel_at = await self.gateway.cancel(tenant.subscription_id, at_period_end, key)
        if at_period_end:
            entry = author.entry("tenant.cancel_requested")
            return await self.book.change(tenant.tenant_id, {"cancel_at": cancel_at}, entry)
        now = int(self.clock().timestamp())
        ended = {"status": TenantStatus.CANCELED, "cancel_at": None, "canceled_at": now}
        return await self.book.change(tenant.tenant_id, ended, author.entry("tenant.status_changed"))

    async def reactivate(self, tenant: Tenant, author: Author) -> Tenant:
        """Withdraw a cancellation that has not taken effect yet; raises TenantCanceledError if it has."""
        _not_canceled(tenant)
        await self.gateway.resume(tenant.subscription_id, stripe_key(author.seed, "resume"))
        return await self.book.change(tenant.tenant_id, {"cancel_at": None}, author.entry("tenant.cancel_withdrawn"))

    async def _bill(self, tenant: Tenant, change: TenantChange, seed: bytes, purpose: str) -> None:
        """Bring Stripe to what the change says, whatever it holds now."""
        await self.gateway.update_customer(
            tenant.customer_id, change.name, change.email, stripe_key(seed, f"{purpose}-customer")
        )
        await self.gateway.change_plan(tenant.subscription_id, change.plan, stripe_key(seed, f"{purpose}-plan"))


def _not_canceled(tenant: Tenant) -> Tenant:
    if tenant.status is TenantStatus.CANCELED:
        raise TenantCanceledError
    return tenant
