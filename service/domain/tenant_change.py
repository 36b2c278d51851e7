"""What a tenant shall be from now on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from service.domain.tenant import Plan, Tenant


@dataclass(frozen=True, slots=True)
class TenantChange:
    """Everything that a tenant may say about itself."""

    name: str
    email: str
    plan: Plan
    monthly_budget_cents: int | None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "TenantChange":
        """Read a body that follows CHANGE; without a budget there is none."""
        return cls(body["name"], body["email"], Plan(body["plan"]), body.get("monthly_budget_cents"))

    @classmethod
    def none(cls, tenant: Tenant) -> "TenantChange":
        """The change that leaves the tenant as it is."""
        return cls(tenant.name, tenant.email, tenant.plan, tenant.monthly_budget_cents)

    def fields(self) -> dict[str, object]:
        """The fields of the tenant that it sets."""
        return asdict(self)
