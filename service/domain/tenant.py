"""Tenants: who is billed, under which plan, and in which state."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from service.domain.schema import Choice, Nullable, Record, Text, Whole

_EMAIL_PATTERN = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}"

NAME = Text(200, about="Who is billed.", says="must be 1 to 200 printable characters without white space around them")
EMAIL = Text(
    254,
    min_length=6,
    pattern=_EMAIL_PATTERN,
    about="Where invoices go.",
    says="must be an e-mail address of at most 254 characters",
)
TENANT_ID = Text(32, min_length=32, pattern="[0-9a-f]{32}", about="Id of a tenant.")


class Plan(StrEnum):
    STARTER = "starter"
    PRO = "pro"
    ENTERPRISE = "enterprise"


class TenantStatus(StrEnum):
    TRIAL = "trial"
    ACTIVE = "active"
    GRACE = "grace"
    SUSPENDED = "suspended"
    CANCELED = "canceled"


class Dunning(StrEnum):
    CURRENT = "current"
    LATE = "late"
    GRACE = "grace"
    SUSPENDED = "suspended"


PLAN = Choice(list(Plan), about="The plan; `GET /billing/plans` lists what each includes.")
BUDGET = Nullable(
    Whole(1, 10**9, about="What the tenant means to spend in a month, in cents; only watched, never enforced.")
)
APPLICATION = Record({"name": NAME, "email": EMAIL, "plan": PLAN}, name="Application")
CHANGE = Record(
    {"name": NAME, "email": EMAIL, "plan": PLAN, "monthly_budget_cents": BUDGET},
    optional=frozenset({"monthly_budget_cents"}),
    name="TenantChange",
)


@dataclass(frozen=True, slots=True)
class Application:
    """What somebody asks for who wants to become a tenant."""

    name: str
    email: str
    plan: Plan

    @classmethod
    def of(cls, body: Mapping[str, str]) -> "Application":
        """Read a body that follows APPLICATION."""
        return cls(body["name"], body["email"], Plan(body["plan"]))


@dataclass(frozen=True, slots=True)
class Tenant:
    """Times are in unix seconds; `version` counts the changes and is the resource's ETag.

    Usage before `trial_ends_at`, a full UTC hour, is never billed. `cancel_at` is when a requested cancellation takes
    effect, `canceled_at` when it did.
    """

    tenant_id: str
    name: str
    email: str
    plan: Plan
    status: TenantStatus
    dunning: Dunning
    customer_id: str
    subscription_id: str
    created_at: int
    trial_ends_at: int
    cancel_at: int | None = None
    canceled_at: int | None = None
    monthly_budget_cents: int | None = None
    version: int = 1
