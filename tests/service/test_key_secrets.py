"""API keys under a rotated API_KEY_SECRET, on several replicas, and in the ledger."""

import asyncio
from time import monotonic

from service.config.generation import generate
from service.domain.api_key import derive_pepper, digest, parse
from service.ledger import keys
from tests.service.conftest import API_KEY_SECRET

NEW = generate()["API_KEY_SECRET"]
PROMISED_SECONDS = 1.0
ROTATED = {"API_KEY_SECRET": NEW, "API_KEY_SECRET_PREVIOUS": API_KEY_SECRET}


def stored_digest(server, headers):
    key = parse(headers["Authorization"].removeprefix("Bearer "))
    found = server.client().hget(keys.api_key(key.key_id), "digest")
    secrets = {"old": API_KEY_SECRET, "new": NEW}
    return next(name for name, secret in secrets.items() if digest(key, derive_pepper(secret)).hex() == found)


async def status_of(service, tenant_id, headers):
    return (await service.get(f"/tenants/{tenant_id}", headers))[0]


async def test_a_key_moves_to_the_new_secret_when_it_is_used(start_service, shared_redis):
    before, during = await start_service(shared_redis.port), await start_service(shared_redis.port, **ROTATED)
    tenant_id, headers = await before.tenant()
    assert stored_digest(shared_redis, headers) == "old"
    for _ in range(2):
        assert await status_of(during, tenant_id, headers) == 200
    assert stored_digest(shared_redis, headers) == "new"
    _, trail = await during.get(f"/tenants/{tenant_id}/audit", headers)
    moved = [entry for entry in trail["data"] if entry["action"] == "key.digest_renewed"]
    assert [(entry["actor"], entry["details"]) for entry in moved] == [
        ("service", {"key_id": headers["Authorization"].split("_")[2]})
    ]
    after = await start_service(shared_redis.port, API_KEY_SECRET=NEW)
    assert await status_of(after, tenant_id, headers) == 200


async def test_a_key_that_was_not_used_in_time_is_refused(start_service, shared_redis):
    before, after = await start_service(shared_redis.port), await start_service(shared_redis.port, API_KEY_SECRET=NEW)
    tenant_id, headers = await before.tenant()
    assert await status_of(after, tenant_id, headers) == 401


async def test_an_old_key_works_in_an_hour_without_writes_and_moves_later(start_service, own_redis):
    before, during = await start_service(own_redis.port), await start_service(own_redis.port, **ROTATED)
    tenant_id, headers = await before.tenant()
    own_redis.client().config_set("maxmemory", "1mb")
    assert await status_of(during, tenant_id, headers) == 200
    assert stored_digest(own_redis, headers) == "old"
    own_redis.client().config_set("maxmemory", "0")
    during = await start_service(own_redis.port, **ROTATED)
    assert await status_of(during, tenant_id, headers) == 200
    assert stored_digest(own_redis, headers) == "new"


async def test_what_was_kept_under_the_old_secret_can_still_be_had(start_service, shared_redis):
    before, during = await start_service(shared_redis.port), await start_service(shared_redis.port, **ROTATED)
    body, key = {"name": "n", "email": "e@example.com", "plan": "pro"}, {"Idempotency-Key": "k" * 20 + NEW[:20]}
    async with before.http.post("/tenants", json=body, headers=key) as first:
        tenant = await first.json()
    async with during.http.post("/tenants", json=body, headers=key) as again:
        assert (again.status, await again.json()) == (201, tenant)
    headers = {"Authorization": f"Bearer {tenant['api_key']}"}
    async with before.http.post(f"/tenants/{tenant['tenant_id']}/export", headers=headers) as response:
        link = (await response.json())["url"]
    async with during.http.get("/exports/" + link.rpartition("/exports/")[2]) as response:
        assert response.status == 200


async def test_a_revoked_key_is_refused_by_every_replica_within_a_second(start_service, shared_redis, proves):
    here, there = await start_service(shared_redis.port), await start_service(shared_redis.port)
    tenant_id, headers = await here.tenant()
    async with here.http.post(f"/tenants/{tenant_id}/keys", json={"label": "l"}, headers=headers) as response:
        key = await response.json()
    spare = {"Authorization": f"Bearer {key['api_key']}"}
    assert await status_of(there, tenant_id, spare) == 200
    async with here.http.delete(f"/tenants/{tenant_id}/keys/{key['key_id']}", headers=headers) as response:
        assert response.status == 200
    revoked, sent, admitted = monotonic(), 0.0, []
    assert await status_of(here, tenant_id, spare) == 401
    while await status_of(there, tenant_id, spare) == 200:
        assert sent < PROMISED_SECONDS, "by when it was sent, so that a busy machine adds nothing"
        admitted.append(sent)
        await asyncio.sleep(0.05)
        sent = monotonic() - revoked
    assert await status_of(there, tenant_id, spare) == 401
    assert admitted, "the other replica never remembered the key, so nothing was shown"
    proves("keys-rotate", f"of {PROMISED_SECONDS:g} s, admitted until {admitted[-1]:.2f} s after the revocation")
