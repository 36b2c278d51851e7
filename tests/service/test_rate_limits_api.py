import asyncio
import re
import secrets
import time

import pytest

from chaos.lab import limits
from service.domain.api_key import issue
from service.domain.tenant import Plan
from service.errors import LedgerUnavailableError
from service.limits import plans, rate_limiter


@pytest.fixture
async def strict(start_service, own_redis, monkeypatch):
    """A service with the limits of production, but for those that are named; it waits for a Redis that is slow."""
    monkeypatch.setattr(rate_limiter, "SHARED_TIMEOUT_SECONDS", 5.0)

    async def start(*, port=own_redis.port, **overrides):
        return await start_service(port, **(dict.fromkeys(limits.AMPLE, "") | overrides))

    return start


async def answers(service, count, method="GET", path="/billing/plans", **options):
    taken = []
    for _ in range(count):
        async with service.http.request(method, path, **options) as response:
            await response.read()
            taken.append(response)
    return taken


async def test_a_tenant_has_its_plans_calls_a_minute(strict):
    service = await strict()
    tenant_id, key = await service.tenant()
    taken = await answers(service, 300, path=f"/tenants/{tenant_id}", headers=key)
    while taken[-1].status == 200 and len(taken) < 600:
        taken += await answers(service, 1, path=f"/tenants/{tenant_id}", headers=key)
    statuses = [response.status for response in taken]
    assert statuses[:300] == [200] * 300
    assert statuses[-1] == 429
    first, last = taken[0].headers, taken[-1].headers
    assert first["X-RateLimit-Limit"] == "300"
    assert first["X-RateLimit-Remaining"] == "299"
    assert time.time() <= int(last["X-RateLimit-Reset"]) <= time.time() + 62
    assert first["RateLimit-Policy"] == '"tenant";q=300;w=60, "key";q=300;w=60'
    assert re.fullmatch(r'"tenant";r=0;t=\d+, "key";r=0;t=\d+', last["RateLimit"])
    assert int(last["Retry-After"]) == 1


async def test_keys_share_the_tenants_quota_and_another_tenant_has_its_own(strict):
    service = await strict()
    tenant_id, key = await service.tenant()
    _, other = await service.tenant()
    new = {"label": "second", "scopes": ["tenant:read"]}
    async with service.http.post(f"/tenants/{tenant_id}/keys", json=new, headers=key) as response:
        second = {"Authorization": f"Bearer {(await response.json())['api_key']}"}
    await answers(service, 300, path=f"/tenants/{tenant_id}", headers=key)
    [tight] = await answers(service, 1, path=f"/tenants/{tenant_id}", headers=second)
    [fresh] = await answers(service, 1, path="/billing/invoices", headers=other)
    assert int(tight.headers["X-RateLimit-Remaining"]) < 100
    assert fresh.headers["X-RateLimit-Remaining"] == "299"
    labels = [{*dict(point).values()} for point in service.points("billing.rate_limit.decisions")]
    assert {"allowed", "tenant"} in labels


async def test_sign_ups_and_failed_authentication_are_held_tightly(strict):
    service = await strict()
    application = {"name": "Example", "email": "billing@example.com", "plan": "pro"}
    signed_up = await answers(service, 11, "POST", "/tenants", json=application)
    assert [response.status for response in signed_up] == [201] * 10 + [429]
    assert 300 < int(signed_up[-1].headers["Retry-After"]) <= 360
    forged = [issue(secrets.token_hex(16), 1, secrets.token_bytes(16), secrets.token_bytes(32)) for _ in range(12)]
    statuses = []
    for key in forged:
        async with service.http.get("/usage/" + "0" * 32, headers={"Authorization": f"Bearer {key.text}"}) as response:
            statuses.append((response.status, (await response.json())["code"]))
    assert statuses[:10] == [(401, "unauthorized")] * 10
    assert statuses[-1] == (429, "rate_limited")


async def test_an_address_is_limited_before_it_is_known_whose_request_it_is(strict):
    service = await strict(RATE_LIMIT_ADDRESS_PER_MINUTE="5")
    taken = await answers(service, 7)
    assert [response.status for response in taken][:5] == [200] * 5
    assert taken[-1].status == 429
    assert (await answers(service, 1, path="/ready"))[0].status == 200
    assert (await answers(service, 1, "POST", "/webhooks/stripe"))[0].status == 415


async def test_a_client_behind_a_trusted_proxy_has_a_quota_of_its_own(strict):
    service = await strict(RATE_LIMIT_ADDRESS_PER_MINUTE="2", TRUSTED_PROXIES="127.0.0.0/8")
    for client in ("198.51.100.1", "198.51.100.2"):
        taken = await answers(service, 3, headers={"X-Forwarded-For": f"192.0.2.1, {client}"})
        assert [response.status for response in taken] == [200, 200, 429]
    spoofing = await strict(RATE_LIMIT_ADDRESS_PER_MINUTE="2")
    taken = [
        (await answers(spoofing, 1, headers={"X-Forwarded-For": f"198.51.100.{number}"}))[0].status
        for number in range(3)
    ]
    assert taken == [200, 200, 429]


async def test_without_redis_the_limits_stay_and_are_counted(strict, own_redis):
    service = await strict(RATE_LIMIT_ADDRESS_PER_MINUTE="60")
    own_redis.kill()
    taken = await answers(service, 20)
    assert [response.status for response in taken][:10] == [200] * 10
    assert [response.status for response in taken][-1] == 429
    points = {
        tuple(sorted(dict(k).values())): p.value for k, p in service.points("billing.rate_limit.decisions").items()
    }
    assert points["address", "allowed_locally"] + points["address", "limited_locally"] == 20
    own_redis.start()


async def test_a_change_of_plan_changes_the_limits_soon(strict, monkeypatch):
    assert plans.MEMORY_SECONDS <= 10
    monkeypatch.setattr(plans, "MEMORY_SECONDS", 0.2)
    service = await strict()
    tenant_id, key = await service.tenant()
    assert await limit_of(service, key) == "300"
    smaller = {"name": "Example", "email": "billing@example.com", "plan": "starter"}
    async with service.http.put(f"/tenants/{tenant_id}", json=smaller, headers=key) as response:
        assert response.status == 200, await response.text()
    async with asyncio.timeout(5):
        while await limit_of(service, key) != "60":
            await asyncio.sleep(0.05)


async def limit_of(service, key):
    [answer] = await answers(service, 1, path="/billing/invoices", headers=key)
    return answer.headers["X-RateLimit-Limit"]


class Book:
    """A ledger that fails at first."""

    def __init__(self):
        self.fails = True

    async def plan_of(self, _):
        if self.fails:
            raise LedgerUnavailableError
        return Plan.ENTERPRISE


class Limiter:
    is_alone = False


async def test_a_plan_that_could_not_be_read_is_asked_for_again_at_once():
    now, book = [0.0], Book()
    remembered = plans.Plans(book, Limiter(), lambda: now[0])
    assert await remembered.of("a") is Plan.STARTER
    book.fails = False
    now[0] += rate_limiter.PAUSE_SECONDS
    assert await remembered.of("a") is Plan.ENTERPRISE
    book.fails = True
    now[0] += plans.MEMORY_SECONDS
    assert await remembered.of("a") is Plan.ENTERPRISE, "what was known is better than a guess"
