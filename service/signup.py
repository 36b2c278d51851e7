"""Turns an application into a tenant: a Stripe customer with a trial subscription, a ledger entry and an API key."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.domain import api_key
from service.domain.api_key import ApiKey, Scope
from service.domain.audit_entry import AuditEntry
from service.domain.catalog import Catalog
from service.domain.seed import derive, seeded_key, stripe_key
from service.domain.tenant import Application, Dunning, Tenant, TenantStatus
from service.errors import IdempotencyKeyReusedError
from service.ledger.keyring import StoredKey
from service.ledger.tenants import TenantBook
from service.payments.gateway import StripeGateway

FIRST_KEY_LABEL = "first key"
REPEATABLE = timedelta(hours=24)
_TENANT_ID_BYTES = 16
_HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Signup:
    """Opens tenants; raises PaymentsUnavailableError, PaymentsRejectedError or LedgerUnavailableError.

    Everything follows from the seed. Wherever an attempt broke off, another one with the same seed goes on from there
    and leaves one customer, one subscription and one tenant.
    """

    book: TenantBook
    gateway: StripeGateway
    catalog: Catalog
    pepper: bytes
    clock: Callable[[], datetime]

    async def open(self, application: Application, seed: bytes, actor: str, request_id: str) -> tuple[Tenant, ApiKey]:
        """Work towards the ledger: a customer without a tenant costs nothing, a tenant without one is never billed.

        Raises IdempotencyKeyReusedError for a seed whose tenant was opened longer than REPEATABLE ago.
        """
        tenant_id = derive(seed, "tenant id")[:_TENANT_ID_BYTES].hex()
        now = int(self.clock().timestamp())
        tenant = await self.book.read(tenant_id)
        if tenant is None:
            tenant = await self._with_stripe(tenant_id, application, seed, now)
            await self._enter(tenant, seed, AuditEntry(actor, "tenant.created", request_id, {"plan": tenant.plan}))
        elif now - tenant.created_at > REPEATABLE.total_seconds():
            raise IdempotencyKeyReusedError
        return tenant, seeded_key(seed, tenant_id, tenant.created_at)

    async def _with_stripe(self, tenant_id: str, application: Application, seed: bytes, now: int) -> Tenant:
        customer_id = await self.gateway.create_customer(
            tenant_id, application.name, application.email, stripe_key(seed, "customer")
        )
        subscription_id, trial_ends_at = await self._subscribed(tenant_id, customer_id, application, seed, now)
        return Tenant(
            tenant_id=tenant_id,
            name=application.name,
            email=application.email,
            plan=application.plan,
            status=TenantStatus.TRIAL,
            dunning=Dunning.CURRENT,
            customer_id=customer_id,
            subscription_id=subscription_id,
            created_at=now,
            trial_ends_at=trial_ends_at,
        )

    async def _subscribed(
        self, tenant_id: str, customer_id: str, application: Application, seed: bytes, now: int
    ) -> tuple[str, int]:
        """Return the trial subscription and its end; one that an earlier attempt has made keeps the end that it has."""
        account = await self.gateway.account(customer_id)
        for made in account.subscriptions:
            if made.trial_end is not None:
                return made.id, made.trial_end
        trial_ends_at = trial_end(now, self.catalog.trial.days)
        subscription_id = await self.gateway.create_trial_subscription(
            tenant_id, customer_id, application.plan, trial_ends_at, stripe_key(seed, f"subscription-{trial_ends_at}")
        )
        return subscription_id, trial_ends_at

    async def _enter(self, tenant: Tenant, seed: bytes, entry: AuditEntry) -> None:
        key = seeded_key(seed, tenant.tenant_id, tenant.created_at)
        stored = StoredKey(
            key_id=key.key_id,
            tenant_id=tenant.tenant_id,
            digest=api_key.digest(key, self.pepper),
            scopes=frozenset(Scope),
            label=FIRST_KEY_LABEL,
            created_at=tenant.created_at,
            expires_at=None,
            last_used_at=None,
            revoked_at=None,
        )
        await self.book.create(tenant, stored, entry)


def trial_end(now: int, days: int) -> int:
    """The first full UTC hour that is `days` or more after `now`; all in unix seconds."""
    earliest = now + days * 24 * _HOUR_SECONDS
    return -(-earliest // _HOUR_SECONDS) * _HOUR_SECONDS
