"""A tenant as the fields of its hash: all of them text, an absent value empty."""

from collections.abc import Mapping

from service.domain.audit_entry import Detail
from service.domain.tenant import Dunning, Plan, Tenant, TenantStatus

_NUMBERS = frozenset({"created_at", "trial_ends_at", "cancel_at", "canceled_at", "monthly_budget_cents", "version"})
_FIXED = frozenset({"tenant_id", "created_at", "version"})

CHANGEABLE = frozenset(Tenant.__dataclass_fields__) - _FIXED


def to_fields(tenant: Tenant) -> dict[str, str]:
    names = [name for name in Tenant.__dataclass_fields__ if name != "tenant_id"]
    return {name: to_text(getattr(tenant, name)) for name in names}


def from_fields(tenant_id: str, fields: Mapping[str, str]) -> Tenant:
    def number(name: str) -> int | None:
        return int(fields[name]) if fields[name] else None

    return Tenant(
        tenant_id=tenant_id,
        name=fields["name"],
        email=fields["email"],
        plan=Plan(fields["plan"]),
        status=TenantStatus(fields["status"]),
        dunning=Dunning(fields["dunning"]),
        customer_id=fields["customer_id"],
        subscription_id=fields["subscription_id"],
        created_at=int(fields["created_at"]),
        trial_ends_at=int(fields["trial_ends_at"]),
        cancel_at=number("cancel_at"),
        canceled_at=number("canceled_at"),
        monthly_budget_cents=number("monthly_budget_cents"),
        version=int(fields["version"]),
    )


def to_text(value: object) -> str:
    return "" if value is None else str(value)


def from_text(name: str, text: str) -> Detail:
    """The value of a field as the audit trail shows it."""
    if not text:
        return None
    return int(text) if name in _NUMBERS else text
