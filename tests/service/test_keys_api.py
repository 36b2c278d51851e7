from datetime import UTC, datetime, timedelta

import pytest

from service.domain.api_key import Scope


async def create(service, tenant_id, headers, **order):
    body = {"label": "deploys", **order}
    async with service.http.post(f"/tenants/{tenant_id}/keys", json=body, headers=headers) as response:
        return response.status, await response.json()


async def rotate(service, tenant_id, key_id, headers, **body):
    path = f"/tenants/{tenant_id}/keys/{key_id}/rotate"
    async with service.http.post(path, json=body, headers=headers) as response:
        return response.status, await response.json()


async def revoke(service, tenant_id, headers, key_id=None):
    path = f"/tenants/{tenant_id}/keys" + (f"/{key_id}" if key_id else "")
    async with service.http.delete(path, headers=headers) as response:
        return response.status, await response.json()


def bearer(key):
    return {"Authorization": f"Bearer {key['api_key']}"}


def own_id(headers):
    return headers["Authorization"].split("_")[2]


async def is_admitted(service, tenant_id, headers):
    status, _ = await service.get(f"/tenants/{tenant_id}", headers)
    return status == 200


class Clock:
    def __init__(self):
        self.now = datetime.now(UTC).replace(microsecond=0)

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def timed(start_service, shared_redis, clock):
    return await start_service(shared_redis.port, clock=clock)


async def test_the_first_key_may_do_everything(service):
    tenant_id, headers = await service.tenant()
    _, page = await service.get(f"/tenants/{tenant_id}/keys", headers)
    [key] = page["data"]
    assert key["key_id"] == own_id(headers)
    assert key["scopes"] == list(Scope)
    assert (key["status"], key["expires_at"], key["revoked_at"]) == ("active", None, None)
    assert key["last_used_at"] is not None
    assert "api_key" not in key


async def test_a_new_key_works_within_its_scopes(service):
    tenant_id, headers = await service.tenant()
    status, key = await create(service, tenant_id, headers, scopes=["tenant:read"])
    assert (status, key["scopes"], key["label"]) == (201, ["tenant:read"], "deploys")
    assert key["key_id"][:2] == tenant_id[:2]
    assert await is_admitted(service, tenant_id, bearer(key))
    status, problem = await service.get(f"/tenants/{tenant_id}/keys", bearer(key))
    assert (status, problem["code"]) == (403, "insufficient_scope")


async def test_a_key_has_the_scopes_of_the_asking_one_unless_it_is_told(service):
    tenant_id, headers = await service.tenant()
    _, narrow = await create(service, tenant_id, headers, scopes=["keys:write", "keys:read"])
    _, heir = await create(service, tenant_id, bearer(narrow))
    assert heir["scopes"] == ["keys:read", "keys:write"]


async def test_a_key_cannot_give_what_it_lacks(service):
    tenant_id, headers = await service.tenant()
    _, narrow = await create(service, tenant_id, headers, scopes=["keys:write"])
    status, problem = await create(service, tenant_id, bearer(narrow), scopes=["keys:write", "billing:write"])
    assert (status, problem["code"]) == (403, "insufficient_scope")
    assert "billing:write" in problem["detail"]
    status, problem = await rotate(service, tenant_id, own_id(headers), bearer(narrow))
    assert (status, problem["code"]) == (403, "insufficient_scope")
    assert await is_admitted(service, tenant_id, headers)


async def test_a_key_ends_when_it_was_told_to(timed, clock):
    tenant_id, headers = await timed.tenant()
    end = clock.now + timedelta(hours=1)
    status, key = await create(timed, tenant_id, headers, expires_at=end.isoformat())
    assert (status, datetime.fromisoformat(key["expires_at"])) == (201, end)
    clock.now = end - timedelta(milliseconds=1)
    assert await is_admitted(timed, tenant_id, bearer(key))
    clock.now = end
    assert not await is_admitted(timed, tenant_id, bearer(key))
    _, page = await timed.get(f"/tenants/{tenant_id}/keys", headers)
    assert {each["key_id"]: each["status"] for each in page["data"]}[key["key_id"]] == "expired"


async def test_a_life_in_days(timed, clock):
    tenant_id, headers = await timed.tenant()
    _, key = await create(timed, tenant_id, headers, expires_in_days=30)
    assert datetime.fromisoformat(key["expires_at"]) == clock.now + timedelta(days=30)


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"label": ""}, "label"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["root"]}, "scopes[0]"),
        ({"scopes": ["keys:read", "keys:read"]}, "scopes"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "9999-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"expires_in_days": 0}, "expires_in_days"),
        ({"expires_in_days": 1, "expires_at": "2030-01-01T00:00:00Z"}, "expires_at"),
        ({"role": "admin"}, "role"),
    ],
)
async def test_a_bad_order_names_the_field(service, order, field):
    tenant_id, headers = await service.tenant()
    status, problem = await create(service, tenant_id, headers, **order)
    assert (status, [error["field"] for error in problem["errors"]]) == (422, [field])


async def test_a_revoked_key_is_refused_at_once_and_stays_listed(service):
    tenant_id, headers = await service.tenant()
    _, key = await create(service, tenant_id, headers)
    assert await is_admitted(service, tenant_id, bearer(key))
    status, revoked = await revoke(service, tenant_id, headers, key["key_id"])
    assert (status, revoked["status"]) == (200, "revoked")
    assert not await is_admitted(service, tenant_id, bearer(key))
    assert await revoke(service, tenant_id, headers, key["key_id"]) == (200, revoked)
    _, page = await service.get(f"/tenants/{tenant_id}/keys", headers)
    assert key["key_id"] in {each["key_id"] for each in page["data"]}


async def test_the_last_key_that_manages_keys_stays(service):
    tenant_id, headers = await service.tenant()
    await create(service, tenant_id, headers, scopes=["tenant:read"])
    status, problem = await revoke(service, tenant_id, headers, own_id(headers))
    assert (status, problem["code"]) == (409, "last_key")
    assert await is_admitted(service, tenant_id, headers)


@pytest.mark.parametrize("key_id", ["0" * 32, "nonsense"])
async def test_a_key_that_is_not_there(service, key_id):
    tenant_id, headers = await service.tenant()
    assert (await revoke(service, tenant_id, headers, key_id))[0] == 404
    assert (await rotate(service, tenant_id, key_id, headers))[0] == 404


async def test_somebody_elses_key_is_not_there(service):
    tenant_id, headers = await service.tenant()
    other_id, other_headers = await service.tenant()
    assert (await revoke(service, tenant_id, headers, own_id(other_headers)))[0] == 404
    assert (await rotate(service, tenant_id, own_id(other_headers), headers))[0] == 404
    assert await is_admitted(service, other_id, other_headers)


async def test_all_keys_but_the_asking_one_are_revoked(service):
    tenant_id, headers = await service.tenant()
    created = [(await create(service, tenant_id, headers))[1] for _ in range(2)]
    for key in created:
        assert await is_admitted(service, tenant_id, bearer(key))
    status, answer = await revoke(service, tenant_id, headers)
    assert (status, set(answer["revoked"])) == (200, {key["key_id"] for key in created})
    assert [await is_admitted(service, tenant_id, bearer(key)) for key in created] == [False, False]
    assert await is_admitted(service, tenant_id, headers)


async def test_a_rotated_key_stays_valid_for_the_overlap(timed, clock):
    tenant_id, headers = await timed.tenant()
    _, old = await create(timed, tenant_id, headers, scopes=["tenant:read"], expires_in_days=10)
    clock.now += timedelta(days=1)
    status, new = await rotate(timed, tenant_id, old["key_id"], headers, overlap_seconds=3600)
    assert (status, new["label"], new["scopes"]) == (201, old["label"], old["scopes"])
    assert datetime.fromisoformat(new["expires_at"]) == clock.now + timedelta(days=10)
    assert await is_admitted(timed, tenant_id, bearer(new))
    assert await is_admitted(timed, tenant_id, bearer(old))
    clock.now += timedelta(hours=1)
    assert await is_admitted(timed, tenant_id, bearer(new))
    assert not await is_admitted(timed, tenant_id, bearer(old))


async def test_without_an_overlap_the_old_key_ends_at_once(service):
    tenant_id, headers = await service.tenant()
    status, new = await rotate(service, tenant_id, own_id(headers), headers, overlap_seconds=0)
    assert status == 201
    assert not await is_admitted(service, tenant_id, headers)
    assert await is_admitted(service, tenant_id, bearer(new))
    assert (await rotate(service, tenant_id, own_id(headers), bearer(new)))[0] == 404


async def test_the_overlap_is_a_day_and_never_longer_than_the_old_keys_life(timed, clock):
    tenant_id, headers = await timed.tenant()
    _, short = await create(timed, tenant_id, headers, expires_at=(clock.now + timedelta(minutes=5)).isoformat())
    for key_id in (own_id(headers), short["key_id"]):
        assert (await rotate(timed, tenant_id, key_id, headers))[0] == 201
    _, page = await timed.get(f"/tenants/{tenant_id}/keys", headers)
    ends = {key["key_id"]: key["expires_at"] for key in page["data"]}
    assert datetime.fromisoformat(ends[own_id(headers)]) == clock.now + timedelta(days=1)
    assert ends[short["key_id"]] == short["expires_at"]


@pytest.mark.parametrize("seconds", [-1, 604_801, "3600"])
async def test_a_bad_overlap_is_refused(service, seconds):
    tenant_id, headers = await service.tenant()
    status, problem = await rotate(service, tenant_id, own_id(headers), headers, overlap_seconds=seconds)
    assert (status, problem["errors"][0]["field"]) == (422, "overlap_seconds")


@pytest.mark.parametrize("what", ["create", "rotate"])
async def test_a_broken_off_request_makes_one_key(timed, clock, shared_redis, monkeypatch, what):
    store = shared_redis.client()
    tenant_id, headers = await timed.tenant()
    earlier = set(store.scan_iter("*:idempotency:*"))
    once = {**headers, "Idempotency-Key": "broken-off"}

    async def ask():
        if what == "create":
            return await create(timed, tenant_id, once)
        return await rotate(timed, tenant_id, own_id(headers), once)

    def crash(*_):
        raise RuntimeError("the process ended here")

    with monkeypatch.context() as broken:
        broken.setattr("service.middleware.kept_answer.KeptAnswer.sealed", crash)
        assert (await ask())[0] == 500
    _, page = await timed.get(f"/tenants/{tenant_id}/keys", headers)
    assert len(page["data"]) == 2
    [request] = set(store.scan_iter("*:idempotency:*")) - earlier
    store.hset(request, "leased_until", 0)
    clock.now += timedelta(seconds=70)
    status, key = await ask()
    assert status == 201
    assert await is_admitted(timed, tenant_id, bearer(key))
    _, page = await timed.get(f"/tenants/{tenant_id}/keys", headers)
    assert len(page["data"]) == 2
    _, trail = await timed.get(f"/tenants/{tenant_id}/audit", headers)
    assert [record["action"] for record in trail["data"]] == [f"key.{what}d", "tenant.created"]


async def test_keys_come_newest_first_in_pages(timed, clock):
    tenant_id, headers = await timed.tenant()
    expected = [own_id(headers)]
    for _ in range(4):
        clock.now += timedelta(seconds=1)
        expected.insert(0, (await create(timed, tenant_id, headers))[1]["key_id"])
    seen, cursor = [], ""
    while cursor is not None:
        _, page = await timed.get(f"/tenants/{tenant_id}/keys?limit=2{cursor and '&cursor=' + cursor}", headers)
        assert len(page["data"]) <= 2
        seen += [key["key_id"] for key in page["data"]]
        cursor = page["next_cursor"]
    assert seen == expected


@pytest.mark.parametrize("query", ["cursor=x", "cursor=YXVkaXQgMS0x", "limit=0", "limit=101", "page=2"])
async def test_a_bad_page_is_refused(service, query):
    tenant_id, headers = await service.tenant()
    status, problem = await service.get(f"/tenants/{tenant_id}/keys?{query}", headers)
    assert (status, problem["errors"][0]["field"]) == (422, query.partition("=")[0])


async def test_what_is_done_to_keys_is_in_the_trail(service):
    tenant_id, headers = await service.tenant()
    _, key = await create(service, tenant_id, headers)
    _, successor = await rotate(service, tenant_id, key["key_id"], headers)
    await revoke(service, tenant_id, headers, successor["key_id"])
    _, page = await service.get(f"/tenants/{tenant_id}/audit", headers)
    assert [record["action"] for record in page["data"]] == [
        "key.revoked",
        "key.rotated",
        "key.created",
        "tenant.created",
    ]
    assert {record["actor"] for record in page["data"][:3]} == {f"key:{own_id(headers)}"}
    assert page["data"][1]["details"]["successor"] == successor["key_id"]
    assert "c2pa_" not in str(page)
