import asyncio
from datetime import timedelta
from http.cookies import SimpleCookie

import pytest

from service.admission import CACHE_SECONDS
from service.app import utc_now
from service.config.generation import generate
from service.middleware.session_cookie import SESSION_COOKIE
from tests.service.conftest import JWT_SECRET

ROTATED = {"JWT_SECRET": generate()["JWT_SECRET"], "JWT_SECRET_PREVIOUS": JWT_SECRET}
NOBODY = {"tenant_id": None, "csrf_token": None, "expires_at": None}


async def opened(service, headers):
    """Return the session, the header that sends its cookie, and the cookie as it was set."""
    async with service.http.post("/session", headers=headers) as response:
        assert response.status == 201, await response.text()
        [cookie] = SimpleCookie(response.headers["Set-Cookie"]).values()
        return await response.json(), {"Cookie": f"{cookie.key}={cookie.value}"}, cookie


async def status_of(service, method, path, headers, **options):
    async with service.http.request(method, path, headers=headers, **options) as response:
        return response.status


async def test_a_session_sees_the_account_and_no_more(service):
    tenant_id, headers = await service.tenant()
    session, cookie, _ = await opened(service, headers)
    assert session["tenant_id"] == tenant_id
    for path in (f"/tenants/{tenant_id}", f"/usage/{tenant_id}", f"/usage/{tenant_id}/cost"):
        assert (await service.get(path, cookie))[0] == 200
    assert (await service.get("/session", cookie))[1] == session
    writing = cookie | {"X-CSRF-Token": session["csrf_token"]}
    assert await status_of(service, "POST", "/billing/preview", writing, json={}) == 200
    assert await status_of(service, "GET", f"/tenants/{tenant_id}/keys", cookie) == 403
    assert await status_of(service, "POST", "/usage/report", writing, json={"events": []}) == 403
    assert await status_of(service, "DELETE", f"/tenants/{tenant_id}", writing) == 403
    other, _ = await service.tenant()
    assert await status_of(service, "GET", f"/tenants/{other}", cookie) == 404


async def test_the_cookie_is_out_of_reach_of_scripts_siblings_and_other_sites(service):
    _, headers = await service.tenant()
    _, _, cookie = await opened(service, headers)
    assert cookie.key == SESSION_COOKIE
    assert SESSION_COOKIE.startswith("__Host-")
    assert (cookie["path"], cookie["domain"], cookie["max-age"]) == ("/", "", "900")
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Strict")
    assert headers["Authorization"].split()[1] not in cookie.value


@pytest.mark.parametrize("token", [None, "", "x" * 43, "é"])
async def test_what_may_change_something_needs_the_csrf_token(service, token):
    _, headers = await service.tenant()
    _, cookie, _ = await opened(service, headers)
    writing = cookie | ({} if token is None else {"X-CSRF-Token": token})
    assert await status_of(service, "POST", "/billing/preview", writing, json={}) == 401


async def test_a_csrf_token_goes_with_its_own_session_only(service):
    _, headers = await service.tenant()
    first, _, _ = await opened(service, headers)
    _, cookie, _ = await opened(service, headers)
    writing = cookie | {"X-CSRF-Token": first["csrf_token"]}
    assert await status_of(service, "POST", "/billing/preview", writing, json={}) == 401


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_request_of_another_site_gets_nothing_by_the_session(service, site):
    tenant_id, headers = await service.tenant()
    _, cookie, _ = await opened(service, headers)
    assert await status_of(service, "GET", f"/tenants/{tenant_id}", cookie | {"Sec-Fetch-Site": site}) == 401


async def test_a_session_does_not_prolong_itself(service):
    _, headers = await service.tenant()
    session, cookie, _ = await opened(service, headers)
    writing = cookie | {"X-CSRF-Token": session["csrf_token"]}
    assert await status_of(service, "POST", "/session", writing) == 401


async def test_a_key_that_is_given_counts_alone(service):
    tenant_id, headers = await service.tenant()
    _, cookie, _ = await opened(service, headers)
    assert await status_of(service, "GET", f"/tenants/{tenant_id}", cookie | {"Authorization": "Bearer x"}) == 401


async def test_a_session_ends_after_a_quarter_of_an_hour(start_service, shared_redis):
    now = utc_now()
    service = await start_service(shared_redis.port, clock=lambda: now)
    tenant_id, headers = await service.tenant()
    _, cookie, _ = await opened(service, headers)
    for minutes, status in ((14, 200), (15, 401)):
        at = now + timedelta(minutes=minutes)
        service = await start_service(shared_redis.port, clock=lambda at=at: at)
        assert await status_of(service, "GET", f"/tenants/{tenant_id}", cookie) == status
    assert (await service.get("/session", cookie)) == (200, NOBODY)


async def test_an_ended_session_is_refused_everywhere_within_a_second(start_service, shared_redis):
    here, there = await start_service(shared_redis.port), await start_service(shared_redis.port)
    tenant_id, headers = await here.tenant()
    _, cookie, _ = await opened(here, headers)
    assert await status_of(there, "GET", f"/tenants/{tenant_id}", cookie) == 200
    async with here.http.delete("/session", headers=cookie) as response:
        assert response.status == 204
        [gone] = SimpleCookie(response.headers["Set-Cookie"]).values()
        assert (gone.value, gone["max-age"]) == ("", "0")
    await asyncio.sleep(CACHE_SECONDS)
    for service in (here, there):
        assert await status_of(service, "GET", f"/tenants/{tenant_id}", cookie) == 401
        assert (await service.get("/session", cookie)) == (200, NOBODY)


async def test_a_session_and_its_csrf_token_survive_a_new_jwt_secret_while_the_old_one_is_kept(
    start_service, shared_redis
):
    before, during = await start_service(shared_redis.port), await start_service(shared_redis.port, **ROTATED)
    tenant_id, headers = await before.tenant()
    old, cookie, _ = await opened(before, headers)
    _, seen = await during.get("/session", cookie)
    assert seen["tenant_id"] == tenant_id
    for token in (old["csrf_token"], seen["csrf_token"]):
        assert await status_of(during, "POST", "/billing/preview", cookie | {"X-CSRF-Token": token}, json={}) == 200
    wrong = cookie | {"X-CSRF-Token": "x" * len(old["csrf_token"])}
    assert await status_of(during, "POST", "/billing/preview", wrong, json={}) == 401
    after = await start_service(shared_redis.port, JWT_SECRET=ROTATED["JWT_SECRET"])
    assert await status_of(after, "GET", f"/tenants/{tenant_id}", cookie) == 401
    _, cookie, _ = await opened(during, headers)
    assert await status_of(after, "GET", f"/tenants/{tenant_id}", cookie) == 200
    assert await status_of(before, "GET", f"/tenants/{tenant_id}", cookie) == 401


async def test_a_session_ends_with_the_key_that_opened_it(service):
    tenant_id, headers = await service.tenant()
    async with service.http.post(f"/tenants/{tenant_id}/keys", json={"label": "web"}, headers=headers) as response:
        key = await response.json()
    _, cookie, _ = await opened(service, {"Authorization": f"Bearer {key['api_key']}"})
    assert await status_of(service, "GET", f"/tenants/{tenant_id}", cookie) == 200
    assert await status_of(service, "DELETE", f"/tenants/{tenant_id}/keys/{key['key_id']}", headers) == 200
    assert await status_of(service, "GET", f"/tenants/{tenant_id}", cookie) == 401


async def test_without_a_session_there_is_none_and_none_can_be_ended_twice(service):
    assert await service.get("/session") == (200, NOBODY)
    for cookie in ({}, {"Cookie": f"{SESSION_COOKIE}=nonsense"}):
        assert await status_of(service, "DELETE", "/session", cookie) == 204
        assert await service.get("/session", cookie) == (200, NOBODY)


async def test_the_description_names_the_session_where_it_counts(service):
    _, document = await service.get("/openapi.json")
    ways = {
        (method, path): operation["security"]
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if "security" in operation
    }
    assert ways["get", "/tenants/{tenant_id}"] == [{"apiKey": []}, {"session": []}]
    assert ways["post", "/billing/portal"] == [{"apiKey": []}, {"session": [], "csrfToken": []}]
    assert ways["post", "/usage/report"] == [{"apiKey": []}]
    assert ways["post", "/tenants"] == []
