"""Turns an application into a tenant: a Stripe customer, a ledger entry and an API key."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from service.domain import api_key
from service.domain.api_key import ApiKey
from service.domain.tenant import Application, Tenant, TenantStatus
from service.ledger.tenants import TenantBook
from service.payments.gateway import StripeGateway

_TENANT_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Signup:
    """Opens tenants; raises PaymentsUnavailableError, PaymentsRejectedError or LedgerUnavailableError."""

    book: TenantBook
    gateway: StripeGateway
    pepper: bytes
    clock: Callable[[], datetime]

    async def open(self, application: Application) -> tuple[Tenant, ApiKey]:
        """Create the customer first: one without a tenant costs nothing, a tenant without one is never billed."""
        tenant_id = secrets.token_hex(_TENANT_ID_BYTES)
        customer_id = await self.gateway.create_customer(tenant_id, application)
        tenant = Tenant(
            tenant_id=tenant_id,
            name=application.name,
            email=application.email,
            plan=application.plan,
            status=TenantStatus.TRIAL,
            customer_id=customer_id,
            created_at=int(self.clock().timestamp()),
        )
        key = api_key.issue(
            tenant_id,
            tenant.created_at,
            secrets.token_bytes(api_key.KEY_ID_BYTES),
            secrets.token_bytes(api_key.SECRET_BYTES),
        )
        await self.book.create(tenant, key.key_id, api_key.digest(key, self.pepper))
        return tenant, key
