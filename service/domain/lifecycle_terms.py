"""What the lifecycle consists of."""

from dataclasses import dataclass
from enum import StrEnum

from service.domain.tenant import Dunning, TenantStatus


class SubscriptionStatus(StrEnum):
    """Stripe's statuses, and `none` where there is no subscription."""

    NONE = "none"
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    UNPAID = "unpaid"
    PAUSED = "paused"
    INCOMPLETE = "incomplete"
    INCOMPLETE_EXPIRED = "incomplete_expired"
    CANCELED = "canceled"


class Permission(StrEnum):
    """What a standing may allow."""

    REPORT_USAGE = "report_usage"
    CHANGE_PLAN = "change_plan"
    CANCEL = "cancel"
    PAY = "pay"
    READ = "read"


@dataclass(frozen=True, slots=True)
class Position:
    """A named pair of status and dunning level, and what it permits."""

    name: str
    status: TenantStatus
    dunning: Dunning
    about: str
    permits: frozenset[Permission]


@dataclass(frozen=True, slots=True)
class Rule:
    """Leads to a position if the subscription has one of the statuses and, where given, is overdue for so many days."""

    subscription: frozenset[SubscriptionStatus]
    overdue_days: int | None
    position: str


@dataclass(frozen=True, slots=True)
class Transition:
    """A change from one position to another that may happen, and why it does."""

    before: str
    after: str
    because: str
