from datetime import UTC, datetime, timedelta


async def rename(service, tenant_id, headers, name):
    body = {"name": name, "email": "billing@example.com", "plan": "pro"}
    async with service.http.put(f"/tenants/{tenant_id}", json=body, headers=headers) as response:
        assert response.status == 200
        return response.headers["X-Request-Id"]


async def test_the_trail_says_who_did_what_by_which_request(service):
    tenant_id, headers = await service.tenant("Kestrel")
    request_id = await rename(service, tenant_id, headers, "Falcon")
    status, page = await service.get(f"/tenants/{tenant_id}/audit", headers)
    assert status == 200
    newest, oldest = page["data"]
    assert newest["actor"] == f"key:{headers['Authorization'].split('_')[2]}"
    assert (newest["action"], newest["request_id"]) == ("tenant.updated", request_id)
    assert newest["details"] == {"name.before": "Kestrel", "name.after": "Falcon"}
    assert (oldest["action"], oldest["actor"]) == ("tenant.created", "service")
    assert abs(datetime.fromisoformat(newest["at"]) - datetime.now(UTC)) < timedelta(seconds=10)


async def test_a_change_that_changes_nothing_leaves_no_trace(service):
    tenant_id, headers = await service.tenant("Kestrel")
    await rename(service, tenant_id, headers, "Kestrel")
    _, page = await service.get(f"/tenants/{tenant_id}/audit", headers)
    assert [record["action"] for record in page["data"]] == ["tenant.created"]


async def test_the_trail_comes_in_pages(service):
    tenant_id, headers = await service.tenant()
    for name in "abcd":
        await rename(service, tenant_id, headers, name)
    _, whole = await service.get(f"/tenants/{tenant_id}/audit", headers)
    seen, cursor = [], ""
    while cursor is not None:
        _, page = await service.get(f"/tenants/{tenant_id}/audit?limit=2{cursor and '&cursor=' + cursor}", headers)
        assert len(page["data"]) <= 2
        seen += page["data"]
        cursor = page["next_cursor"]
    assert len(whole["data"]) == 5
    assert seen == whole["data"]


async def test_a_bad_cursor_is_refused(service):
    tenant_id, headers = await service.tenant()
    status, problem = await service.get(f"/tenants/{tenant_id}/audit?cursor=x", headers)
    assert (status, problem["errors"][0]["field"]) == (422, "cursor")
