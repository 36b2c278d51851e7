"""The tenants of a run, created through the public API before arrivals begin."""

import time
from collections.abc import Callable
from http import HTTPStatus

import msgspec

from loadtests.answers import Answer
from loadtests.traffic import Request, Tenant, sign_up

PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 0.5
PLAN = "enterprise"  # its rate limit is the one that a few tenants do not reach under load


class TenantsError(RuntimeError):
    """The service did not create the tenants in time; the message says how many and the last answer."""


class _Created(msgspec.Struct):
    tenant_id: str
    api_key: str


def create_tenants(
    exchange: Callable[[Request], Answer], run_id: str, count: int, patience_seconds: float = PATIENCE_SECONDS
) -> list[Tenant]:
    """Create `count` tenants, trying again while the service starts; raises TenantsError."""
    deadline = time.monotonic() + patience_seconds
    tenants: list[Tenant] = []
    while len(tenants) < count:
        answer = exchange(sign_up(f"load-{run_id}-{len(tenants)}@example.com", PLAN))
        if answer.status == 201:
            tenants.append(_tenant(answer))
        elif time.monotonic() >= deadline:
            said = answer.error or f"status {answer.status}"
            if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                said += f"; fewer LOAD_TENANTS ({count}), or more of the service's RATE_LIMIT_SIGNUPS_PER_HOUR"
            raise TenantsError(
                f"{len(tenants)} of {count} tenants created in {patience_seconds:g} s; POST /tenants: {said}"
            )
        else:
            time.sleep(PAUSE_SECONDS)
    return tenants


def _tenant(answer: Answer) -> Tenant:
    try:
        created = msgspec.json.decode(answer.body, type=_Created)
    except msgspec.DecodeError as error:
        raise TenantsError(f"POST /tenants answered 201 without tenant_id and api_key: {error}") from error
    return Tenant(created.tenant_id, created.api_key)
