import json

import pytest

from loadtests import tenants
from loadtests.answers import Answer
from loadtests.tenants import TenantsError, create_tenants
from loadtests.traffic import Request


def created(request: Request) -> Answer:
    email = json.loads(request.body or b"")["email"]
    return Answer(201, json.dumps({"tenant_id": email, "api_key": f"key of {email}"}).encode())


def test_each_tenant_keeps_its_own_key() -> None:
    made = create_tenants(created, "run", 3)
    assert len({tenant.tenant_id for tenant in made}) == 3
    assert all(tenant.api_key == f"key of {tenant.tenant_id}" for tenant in made)


def test_a_service_that_is_still_starting_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenants, "PAUSE_SECONDS", 0.001)
    answers = iter([Answer(0, error="refused"), Answer(503)])
    made = create_tenants(lambda request: next(answers, None) or created(request), "run", 2)
    assert len(made) == 2


def test_patience_ends_with_the_last_answer() -> None:
    with pytest.raises(TenantsError, match="0 of 2 tenants created in 0 s; POST /tenants: refused"):
        create_tenants(lambda _: Answer(0, error="refused"), "run", 2, patience_seconds=0)


def test_too_many_sign_ups_are_told_with_what_bounds_them() -> None:
    with pytest.raises(TenantsError, match=r"fewer LOAD_TENANTS \(2\), or more of the service's RATE_LIMIT_SIGNUPS"):
        create_tenants(lambda _: Answer(429), "run", 2, patience_seconds=0)


def test_a_201_without_a_key_is_refused() -> None:
    with pytest.raises(TenantsError, match="without tenant_id and api_key"):
        create_tenants(lambda _: Answer(201, b'{"tenant_id": "t1"}'), "run", 1)
