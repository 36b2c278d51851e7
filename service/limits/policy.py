"""Which quotas a request has to be within."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from service.config import LimitsConfig
from service.domain.catalog import Catalog
from service.domain.quota import Limiter, Quota
from service.domain.tenant import Plan
from service.ledger.quotas import Bucket

_MINUTE, _HOUR = 60, 3600
_SUBJECT_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Policy:
    """The quotas of everyone; those of tenants and keys follow from the plan."""

    tenant: Mapping[Plan, Quota]
    key: Mapping[Plan, Quota]
    address: Quota
    signup: Quota
    failed_authentication: Quota

    @classmethod
    def of(cls, catalog: Catalog, limits: LimitsConfig) -> "Policy":
        calls = {name: plan.calls_per_minute * limits.calls_multiplier for name, plan in catalog.plans.items()}
        failed = limits.failed_authentications_per_minute
        return cls(
            tenant={plan: Quota.whole(Limiter.TENANT, limit, _MINUTE) for plan, limit in calls.items()},
            key={plan: Quota.whole(Limiter.KEY, limit, _MINUTE) for plan, limit in calls.items()},
            address=Quota.whole(Limiter.ADDRESS, limits.address_requests_per_minute, _MINUTE),
            signup=Quota.whole(Limiter.SIGNUP, limits.signups_per_hour, _HOUR),
            failed_authentication=Quota.whole(Limiter.FAILED_AUTHENTICATION, failed, _MINUTE),
        )

    def of_tenant(self, plan: Plan, tenant_id: str, key_id: str) -> tuple[Bucket, ...]:
        """All calls of the tenant, and those with this key of it."""
        return (
            Bucket(self.tenant[plan], tenant_id, tenant_id),
            Bucket(self.key[plan], tenant_id, f"{tenant_id}:{key_id}"),
        )


def by_address(quota: Quota, subscriber: str) -> tuple[Bucket, ...]:
    """A quota of one address, of which the ledger keeps a digest only."""
    digest = hashlib.sha256(f"{quota.limiter}\n{subscriber}".encode()).hexdigest()[:_SUBJECT_LENGTH]
    return (Bucket(quota, digest, digest),)
