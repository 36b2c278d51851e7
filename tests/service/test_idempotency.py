import asyncio

import pytest

from service.errors import LedgerUnavailableError

BODY = {"label": "deploys"}
PUBLIC_KEY = "0123456789abcdefghij"


async def post(service, path, headers, body=None, **named):
    async with service.http.post(path, headers=headers, json=body, **named) as response:
        return response, await response.read()


def named(headers, key="once"):
    return {**headers, "Idempotency-Key": key}


async def keys_of(service, tenant_id, headers):
    _, page = await service.get(f"/tenants/{tenant_id}/keys", headers)
    return page["data"]


async def test_a_repetition_is_answered_with_the_same_bytes(service):
    tenant_id, headers = await service.tenant()
    path = f"/tenants/{tenant_id}/keys"
    first, body = await post(service, path, named(headers), BODY)
    again, replayed = await post(service, path, named(headers), BODY)
    assert (first.status, again.status) == (201, 201)
    assert replayed == body
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert len(await keys_of(service, tenant_id, headers)) == 2


async def test_a_repeated_sign_up_has_the_same_headers(service):
    application = {"name": "Example", "email": "billing@example.com", "plan": "pro"}
    headers = {"Idempotency-Key": "sign-up-of-the-header-test"}
    first, body = await post(service, "/tenants", headers, application)
    again, replayed = await post(service, "/tenants", headers, application)
    assert (again.status, replayed) == (first.status, body)
    assert [again.headers[name] for name in ("Location", "ETag")] == [
        first.headers[name] for name in ("Location", "ETag")
    ]


async def test_a_refusal_is_kept_too(service):
    tenant_id, headers = await service.tenant()
    path = f"/tenants/{tenant_id}/keys"
    first, body = await post(service, path, named(headers), {"label": ""})
    again, replayed = await post(service, path, named(headers), {"label": ""})
    assert (first.status, again.status, replayed) == (422, 422, body)
    assert again.content_type == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "body"),
    [("keys", {"label": "other"}), ("keys?", {"label": "deploys"}), ("export", None)],
)
async def test_another_request_under_the_key_is_refused(service, path, body):
    tenant_id, headers = await service.tenant()
    await post(service, f"/tenants/{tenant_id}/keys", named(headers), BODY)
    if path == "keys?":
        path += "x=1"
    response, problem = await post(service, f"/tenants/{tenant_id}/{path}", named(headers), body)
    assert response.status == 422
    assert b"idempotency_key_reused" in problem


async def test_a_key_belongs_to_one_tenant(service):
    answers = []
    for _ in range(2):
        tenant_id, headers = await service.tenant()
        answers.append(await post(service, f"/tenants/{tenant_id}/keys", named(headers), BODY))
    assert [response.status for response, _ in answers] == [201, 201]
    assert answers[0][1] != answers[1][1]


async def test_without_a_key_nothing_is_kept_and_nothing_asked(service, make_event):
    tenant_id, headers = await service.tenant()
    answers = [await post(service, f"/tenants/{tenant_id}/keys", headers, BODY) for _ in range(2)]
    assert answers[0][1] != answers[1][1]
    await service.report(headers, make_event("a"))
    operations = {dict(key)["db.operation.name"] for key in service.points("db.client.operation.duration")}
    assert not operations & {"begin_request", "complete_request", "release_request"}


async def test_a_request_in_flight_is_not_worked_on_twice(service, monkeypatch):
    _, headers = await service.tenant()
    started, finish = asyncio.Event(), asyncio.Event()

    async def slow(*_):
        started.set()
        await finish.wait()
        return "https://example.com/portal"

    monkeypatch.setattr("service.payments.gateway.StripeGateway.portal_session", slow)
    body = {"return_url": "http://127.0.0.1:3002/"}
    first = asyncio.create_task(post(service, "/billing/portal", named(headers), body))
    await started.wait()
    second, problem = await post(service, "/billing/portal", named(headers), body)
    assert (second.status, second.headers["Retry-After"]) == (409, "1")
    assert b"idempotency_in_flight" in problem
    finish.set()
    assert (await first)[0].status == 200
    assert (await post(service, "/billing/portal", named(headers), body))[0].status == 200


@pytest.mark.parametrize("status", [500, 429])
async def test_a_failure_is_not_kept(service, stripe, status):
    _, headers = await service.tenant()
    body = {"return_url": "http://127.0.0.1:3002/"}
    stripe.status = status
    assert (await post(service, "/billing/portal", named(headers), body))[0].status == 503
    stripe.status = 200
    response, _ = await post(service, "/billing/portal", named(headers), body)
    assert response.status == 200
    assert "Idempotent-Replayed" not in response.headers


async def test_an_answer_that_is_not_on_record_is_not_given(service, monkeypatch):
    tenant_id, headers = await service.tenant()

    async def unavailable(*_):
        raise LedgerUnavailableError

    with monkeypatch.context() as broken:
        broken.setattr("service.ledger.idempotency.IdempotencyRecords.complete", unavailable)
        response, _ = await post(service, f"/tenants/{tenant_id}/keys", named(headers), BODY)
        assert response.status == 503
    assert len(await keys_of(service, tenant_id, headers)) == 2


@pytest.mark.parametrize("given", ["", " ", "a b", "é", "x" * 256])
async def test_a_bad_key_is_refused_by_name(service, given):
    tenant_id, headers = await service.tenant()
    response, problem = await post(service, f"/tenants/{tenant_id}/keys", named(headers, given), BODY)
    assert response.status == 422
    assert b'"field": "Idempotency-Key"' in problem


async def test_two_keys_are_refused(service):
    tenant_id, headers = await service.tenant()
    twice = [*headers.items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    response, _ = await post(service, f"/tenants/{tenant_id}/keys", twice, BODY)
    assert response.status == 422


@pytest.mark.parametrize(("key", "status"), [(PUBLIC_KEY[:-1], 422), (PUBLIC_KEY, 201)])
async def test_a_key_that_protects_an_api_key_is_hard_to_guess(service, key, status):
    application = {"name": "Example", "email": "billing@example.com", "plan": "pro"}
    assert (await post(service, "/tenants", {"Idempotency-Key": key}, application))[0].status == status


async def test_an_answer_is_kept_encrypted(service, shared_redis):
    tenant_id, headers = await service.tenant()
    _, body = await post(service, f"/tenants/{tenant_id}/keys", named(headers), BODY)
    store = shared_redis.client()
    kept = [store.hgetall(name) for name in store.scan_iter("*:idempotency:*")]
    assert kept
    assert not any("c2pa_" in value or "deploys" in value for fields in kept for value in fields.values())
    assert b"c2pa_" in body


async def test_other_methods_take_no_key(service):
    tenant_id, headers = await service.tenant()
    for _ in range(2):
        async with service.http.get(f"/tenants/{tenant_id}", headers=named(headers)) as response:
            assert (response.status, "Idempotent-Replayed" in response.headers) == (200, False)
