"""Tenants: who is billed, under which plan, and in which state."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from service.domain.fields import field_errors
from service.errors import FieldError, ValidationError

_NAME_LENGTH = 200
_EMAIL_LENGTH = 254
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")


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


@dataclass(frozen=True, slots=True)
class Application:
    """What somebody asks for who wants to become a tenant."""

    name: str
    email: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class Tenant:
    """`created_at` is in unix seconds."""

    tenant_id: str
    name: str
    email: str
    plan: Plan
    status: TenantStatus
    customer_id: str
    created_at: int


def parse_application(body: object) -> Application:
    """Read `{name, email, plan}`; raises ValidationError with every bad field."""
    if not isinstance(body, Mapping):
        raise ValidationError((FieldError("", "must be an object"),))
    errors = field_errors(body, {"name": _name_rule, "email": _email_rule, "plan": _plan_rule})
    if errors:
        raise ValidationError(errors)
    return Application(name=body["name"].strip(), email=body["email"], plan=Plan(body["plan"]))


def _name_rule(value: object) -> str | None:
    if isinstance(value, str) and 0 < len(value.strip()) <= _NAME_LENGTH and value.isprintable():
        return None
    return f"must be 1 to {_NAME_LENGTH} printable characters"


def _email_rule(value: object) -> str | None:
    if isinstance(value, str) and len(value) <= _EMAIL_LENGTH and _EMAIL.fullmatch(value):
        return None
    return f"must be an e-mail address of at most {_EMAIL_LENGTH} characters"


def _plan_rule(value: object) -> str | None:
    if isinstance(value, str) and value in list(Plan):
        return None
    return f"must be one of {', '.join(Plan)}"
