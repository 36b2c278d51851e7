import pytest


async def test_a_new_tenant_gets_a_customer_and_a_key_that_works(service, stripe):
    tenant_id, headers = await service.tenant("Kestrel")
    status, shown = await service.get(f"/tenants/{tenant_id}", headers)
    assert status == 200
    assert (shown["name"], shown["plan"], shown["status"]) == ("Kestrel", "pro", "trial")
    assert "api_key" not in shown
    [(sent, form)] = stripe.requests
    assert sent["Idempotency-Key"] == f"tenant-{tenant_id}"
    assert form["metadata[tenant_id]"] == tenant_id
    assert "X-Stripe-Client-Telemetry" not in sent


async def test_the_key_is_stored_only_as_a_digest(service, shared_redis):
    _, headers = await service.tenant()
    key = headers["Authorization"].removeprefix("Bearer ")
    key_id, secret = key.split("_")[2:]
    stored = shared_redis.client()
    [name] = [name for name in stored.scan_iter() if name.endswith(f":key:{key_id}")]
    assert set(stored.hgetall(name)) == {"tenant_id", "digest"}
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


@pytest.mark.parametrize(
    ("status", "answer", "code"), [(500, 503, "payments_unavailable"), (400, 422, "payments_rejected")]
)
async def test_no_tenant_is_made_where_stripe_makes_no_customer(service, stripe, shared_redis, status, answer, code):
    stripe.status = status
    before = shared_redis.client().dbsize()
    body = {"name": "Example", "email": "billing@example.com", "plan": "pro"}
    async with service.http.post("/tenants", json=body) as response:
        assert (response.status, (await response.json())["code"]) == (answer, code)
    assert shared_redis.client().dbsize() == before


async def test_a_retried_call_to_stripe_makes_one_customer(service, stripe):
    stripe.status = 500
    body = {"name": "Example", "email": "billing@example.com", "plan": "pro"}
    async with service.http.post("/tenants", json=body):
        pass
    assert len(stripe.requests) == 2
    assert len({sent["Idempotency-Key"] for sent, _ in stripe.requests}) == 1
