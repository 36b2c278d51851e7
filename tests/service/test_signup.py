"""A sign-up that breaks off anywhere and is repeated leaves one customer, one subscription and one tenant."""

from datetime import UTC, datetime, timedelta

import pytest

from service.signup import trial_end

APPLICATION = {"name": "Example", "email": "billing@example.com", "plan": "pro"}
HOUR = 3600

STEPS = [
    "service.payments.gateway.StripeGateway.create_customer",
    "service.payments.gateway.StripeGateway.account",
    "service.payments.gateway.StripeGateway.create_trial_subscription",
    "service.ledger.tenants.TenantBook.read",
    "service.ledger.tenants.TenantBook.create",
    "service.ledger.idempotency.IdempotencyRecords.begin",
    "service.ledger.idempotency.IdempotencyRecords.complete",
]


class Crashed(Exception):
    """The process ended here."""


async def sign_up(service, headers=None, **changes):
    async with service.http.post("/tenants", json={**APPLICATION, **changes}, headers=headers) as response:
        return response, await response.json()


def crash(monkeypatch, step, when):
    """Let the step fail once, before or after it did its work."""
    owner, _, name = step.rpartition(".")
    module, _, kind = owner.rpartition(".")
    cls = getattr(__import__(module, fromlist=[kind]), kind)
    genuine = getattr(cls, name)

    async def broken(self, *arguments, **named):
        monkeypatch.setattr(cls, name, genuine)
        if when == "after":
            await genuine(self, *arguments, **named)
        raise Crashed

    monkeypatch.setattr(cls, name, broken)


def of_tenant(things, tenant_id):
    return [thing for thing in things if thing["metadata"].get("tenant_id") == tenant_id]


def free_the_key(store):
    """Let the lease of a request that nobody finished run out."""
    for name in store.scan_iter("*idem*"):
        store.hset(name, "leased_until", 0)


@pytest.fixture
def key():
    return {"Idempotency-Key": f"sign-up-{datetime.now(UTC).timestamp():.6f}-unguessed"}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_broken_off_sign_up_is_finished_by_its_repetition(
    service, stripe, shared_redis, monkeypatch, key, step, when
):
    crash(monkeypatch, step, when)
    response, _ = await sign_up(service, key)
    assert response.status == 500
    free_the_key(shared_redis.client())
    response, created = await sign_up(service, key)
    assert response.status == 201
    state = await stripe.state()
    assert [customer["metadata"]["tenant_id"] for customer in state["customers"]] == [created["tenant_id"]]
    assert len(state["subscriptions"]) == 1
    headers = {"Authorization": f"Bearer {created['api_key']}"}
    status, shown = await service.get(f"/tenants/{created['tenant_id']}", headers)
    assert (status, shown["trial_ends_at"]) == (200, created["trial_ends_at"])
    _, trail = await service.get(f"/tenants/{created['tenant_id']}/audit", headers)
    assert [record["action"] for record in trail["data"]] == ["tenant.created"]


async def test_a_repetition_in_another_hour_keeps_the_trial_that_stripe_has(
    start_service, shared_redis, stripe, monkeypatch, key
):
    now = [datetime.now(UTC)]
    service = await start_service(shared_redis.port, clock=lambda: now[0])
    crash(monkeypatch, "service.payments.gateway.StripeGateway.create_trial_subscription", "after")
    assert (await sign_up(service, key))[0].status == 500
    now[0] += timedelta(hours=2)
    _, created = await sign_up(service, key)
    [subscription] = (await stripe.state())["subscriptions"]
    assert datetime.fromisoformat(created["trial_ends_at"]).timestamp() == subscription["trial_end"]


async def test_a_key_that_was_lost_on_the_way_is_not_shown_for_ever(start_service, shared_redis, key):
    now = [datetime.now(UTC)]
    service = await start_service(shared_redis.port, clock=lambda: now[0])
    _, created = await sign_up(service, key)
    store = shared_redis.client()
    store.delete(*store.scan_iter("*idem*"))
    _, again = await sign_up(service, key)
    assert again == created
    store.delete(*store.scan_iter("*idem*"))
    now[0] += timedelta(hours=25)
    response, problem = await sign_up(service, key)
    assert (response.status, problem["code"]) == (422, "idempotency_key_reused")


async def test_a_new_tenant_gets_a_customer_a_trial_and_a_key_that_works(service, stripe):
    response, created = await sign_up(service)
    assert response.status == 201
    assert response.headers["Location"] == f"/tenants/{created['tenant_id']}"
    assert response.headers["ETag"] == '"1"'
    state = await stripe.state()
    [customer], [subscription] = (
        of_tenant(state[kind], created["tenant_id"]) for kind in ("customers", "subscriptions")
    )
    assert (customer["name"], customer["email"]) == (APPLICATION["name"], APPLICATION["email"])
    assert subscription["customer"] == customer["id"]
    trial_ends_at = datetime.fromisoformat(created["trial_ends_at"])
    assert subscription["trial_end"] == trial_ends_at.timestamp()
    assert (
        timedelta(days=14)
        <= trial_ends_at - datetime.fromisoformat(created["created_at"])
        < timedelta(days=14, hours=1)
    )
    headers = {"Authorization": f"Bearer {created['api_key']}"}
    assert (await service.get(f"/tenants/{created['tenant_id']}", headers))[0] == 200
    assert all("X-Stripe-Client-Telemetry" not in request.headers for request in stripe.requests)


async def test_the_key_is_stored_only_as_a_digest(service, shared_redis):
    _, headers = await service.tenant()
    key = headers["Authorization"].removeprefix("Bearer ")
    key_id, secret = key.split("_")[2:]
    stored = shared_redis.client()
    [name] = [name for name in stored.scan_iter() if name.endswith(f":key:{key_id}")]
    assert stored.hget(name, "digest")
    assert secret not in (shared_redis.folder / "appendonlydir" / "appendonly.aof.1.incr.aof").read_text()


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["name", "email", "plan"]),
        ({"name": " ", "email": "x", "plan": "gold", "role": "admin"}, ["name", "email", "plan", "role"]),
        ({"name": "a\u0000b", "email": "a@b.co", "plan": ["pro"]}, ["name", "plan"]),
        ([], [""]),
    ],
)
async def test_a_bad_application_names_every_bad_field(service, body, fields):
    async with service.http.post("/tenants", json=body) as response:
        problem = await response.json()
    assert response.status == 422
    assert response.content_type == "application/problem+json"
    assert problem["code"] == "validation_failed"
    assert problem["request_id"] == response.headers["X-Request-Id"]
    assert [error["field"] for error in problem["errors"]] == fields


def lasting(redis):
    """All keys but those of the rate limiter."""
    return {name for name in redis.client().scan_iter(count=1000) if ":quota:" not in name}


@pytest.mark.parametrize(
    ("status", "answer", "code"), [(500, 503, "payments_unavailable"), (400, 422, "payments_rejected")]
)
async def test_no_tenant_is_made_where_stripe_makes_no_customer(service, stripe, shared_redis, status, answer, code):
    stripe.status = status
    before = lasting(shared_redis)
    response, problem = await sign_up(service)
    assert (response.status, problem["code"]) == (answer, code)
    assert lasting(shared_redis) == before


async def test_a_resent_call_to_stripe_makes_one_customer(service, stripe):
    stripe.status = 500
    await sign_up(service)
    attempts = stripe.asked("POST", "/v1/customers")
    assert len(attempts) > 1
    assert len({request.headers["Idempotency-Key"] for request in attempts}) == 1


@pytest.mark.parametrize("now", [0, 1, HOUR - 1, HOUR, 1_795_423_648])
def test_a_trial_ends_with_the_first_full_hour_after_its_days(now):
    end = trial_end(now, 14)
    assert end % HOUR == 0
    assert 0 <= end - now - 14 * 24 * HOUR < HOUR
