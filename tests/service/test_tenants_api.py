import pytest

from service.errors import LedgerUnavailableError
from service.payments.gateway import StripeGateway

APPLICATION = {"name": "Example", "email": "billing@example.com", "plan": "pro"}


async def put(service, tenant_id, headers, **changes):
    body = {**APPLICATION, **changes}
    async with service.http.put(f"/tenants/{tenant_id}", json=body, headers=headers) as response:
        return response, await response.json()


async def delete(service, tenant_id, headers, at=""):
    async with service.http.delete(f"/tenants/{tenant_id}{at}", headers=headers) as response:
        return response, await response.json()


async def actions(service, tenant_id, headers):
    _, page = await service.get(f"/tenants/{tenant_id}/audit", headers)
    return [record["action"] for record in page["data"]]


async def subscription(stripe):
    [only] = (await stripe.state())["subscriptions"]
    return only


async def test_a_tenant_is_read_with_its_etag(service):
    tenant_id, headers = await service.tenant("Kestrel")
    async with service.http.get(f"/tenants/{tenant_id}", headers=headers) as response:
        shown = await response.json()
        assert response.headers["ETag"] == '"1"'
    assert (shown["name"], shown["plan"], shown["status"], shown["dunning"]) == ("Kestrel", "pro", "trial", "current")
    assert (shown["cancel_at"], shown["canceled_at"], shown["monthly_budget_cents"], shown["version"]) == (
        None,
        None,
        None,
        1,
    )
    assert "api_key" not in shown


async def test_a_known_version_is_not_sent_again(service):
    tenant_id, headers = await service.tenant()
    async with service.http.get(f"/tenants/{tenant_id}", headers={**headers, "If-None-Match": 'W/"1"'}) as response:
        assert (response.status, response.headers["ETag"], await response.read()) == (304, '"1"', b"")
    async with service.http.get(f"/tenants/{tenant_id}", headers={**headers, "If-None-Match": '"2"'}) as response:
        assert response.status == 200


async def test_a_change_reaches_stripe_and_the_ledger(service, stripe):
    tenant_id, headers = await service.tenant()
    response, shown = await put(
        service, tenant_id, headers, name="Falcon", email="f@example.com", plan="starter", monthly_budget_cents=5000
    )
    assert (response.status, response.headers["ETag"]) == (200, '"2"')
    assert (shown["name"], shown["plan"], shown["monthly_budget_cents"]) == ("Falcon", "starter", 5000)
    assert (await service.get(f"/tenants/{tenant_id}", headers))[1] == shown
    [customer] = (await stripe.state())["customers"]
    assert (customer["name"], customer["email"]) == ("Falcon", "f@example.com")
    prices = {item["price"]["lookup_key"] for item in (await subscription(stripe))["items"]["data"]}
    assert {price.split("_")[1] for price in prices} == {"starter"}
    _, page = await service.get(f"/tenants/{tenant_id}/audit", headers)
    newest = page["data"][0]
    assert (newest["action"], newest["request_id"]) == ("tenant.plan_changed", response.headers["X-Request-Id"])
    assert (newest["details"]["plan.before"], newest["details"]["plan.after"]) == ("pro", "starter")


async def test_a_change_of_the_name_alone_leaves_the_bill_alone(service, stripe):
    tenant_id, headers = await service.tenant()
    await put(service, tenant_id, headers, name="Falcon")
    assert (await actions(service, tenant_id, headers))[0] == "tenant.updated"
    assert not stripe.asked("POST", f"/v1/subscriptions/{(await subscription(stripe))['id']}")


async def test_without_a_budget_there_is_none(service):
    tenant_id, headers = await service.tenant()
    await put(service, tenant_id, headers, monthly_budget_cents=5000)
    assert (await put(service, tenant_id, headers))[1]["monthly_budget_cents"] is None


@pytest.mark.parametrize("field", ["status", "dunning", "customer_id", "trial_ends_at", "cancel_at", "version"])
async def test_nothing_else_can_be_set(service, field):
    tenant_id, headers = await service.tenant()
    response, problem = await put(service, tenant_id, headers, **{field: "active"})
    assert response.status == 422
    assert problem["errors"] == [{"field": field, "rule": "is not a known field"}]


@pytest.mark.parametrize(
    ("tag", "status"), [('"1"', 200), ("*", 200), ('"7", "1"', 200), ('"2"', 412), ('W/"1"', 412), ("nonsense", 412)]
)
async def test_a_change_is_meant_for_one_version(service, stripe, tag, status):
    tenant_id, headers = await service.tenant()
    stripe.requests.clear()
    response, _ = await put(service, tenant_id, {**headers, "If-Match": tag}, name="Falcon")
    assert response.status == status
    assert bool(stripe.requests) == (status == 200)


async def test_a_change_that_the_ledger_missed_is_healed_by_repeating_it(service, stripe, monkeypatch):
    tenant_id, headers = await service.tenant()

    async def unavailable(*_, **__):
        raise LedgerUnavailableError

    with monkeypatch.context() as broken:
        broken.setattr("service.ledger.tenants.TenantBook.change", unavailable)
        response, _ = await put(service, tenant_id, headers, plan="starter")
        assert response.status == 503
    assert (await service.get(f"/tenants/{tenant_id}", headers))[1]["plan"] == "pro"
    response, shown = await put(service, tenant_id, headers, plan="starter")
    assert (response.status, shown["plan"]) == (200, "starter")
    prices = {item["price"]["lookup_key"] for item in (await subscription(stripe))["items"]["data"]}
    assert {price.split("_")[1] for price in prices} == {"starter"}


@pytest.mark.parametrize(("tag", "status", "code"), [({}, 409, "version_conflict"), ({"If-Match": '"1"'}, 412, None)])
async def test_who_loses_a_race_leaves_stripe_to_the_winner(service, stripe, monkeypatch, tag, status, code):
    tenant_id, headers = await service.tenant()
    genuine = StripeGateway.change_plan
    raced = []

    async def overtaken(self, subscription_id, plan, idempotency):
        if not raced:
            raced.append(plan)
            assert (await put(service, tenant_id, headers, plan="enterprise"))[0].status == 200
        await genuine(self, subscription_id, plan, idempotency)

    monkeypatch.setattr(StripeGateway, "change_plan", overtaken)
    response, problem = await put(service, tenant_id, {**headers, **tag}, name="Loser", plan="starter")
    assert (response.status, problem["code"]) == (status, code or "precondition_failed")
    assert (await service.get(f"/tenants/{tenant_id}", headers))[1]["plan"] == "enterprise"
    state = await stripe.state()
    assert [customer["name"] for customer in state["customers"]] == ["Example"]
    keys = {item["price"]["lookup_key"] for item in state["subscriptions"][0]["items"]["data"]}
    assert {key.split("_")[1] for key in keys} == {"enterprise"}


async def test_a_cancellation_takes_effect_with_the_period_and_can_be_withdrawn(service, stripe):
    tenant_id, headers = await service.tenant()
    response, shown = await delete(service, tenant_id, headers)
    assert (response.status, shown["status"]) == (202, "trial")
    assert shown["cancel_at"] == shown["trial_ends_at"]
    assert (await subscription(stripe))["cancel_at_period_end"]
    repeated, again = await delete(service, tenant_id, headers)
    assert (repeated.status, again) == (202, shown)
    async with service.http.post(f"/tenants/{tenant_id}/reactivate", headers=headers) as response:
        assert (response.status, (await response.json())["cancel_at"]) == (200, None)
    assert not (await subscription(stripe))["cancel_at_period_end"]
    done = await actions(service, tenant_id, headers)
    assert done == ["tenant.cancel_withdrawn", "tenant.cancel_requested", "tenant.created"]


async def test_a_cancellation_at_once_is_for_good_and_leaves_everything_readable(service, stripe):
    tenant_id, headers = await service.tenant()
    response, shown = await delete(service, tenant_id, headers, "?at=now")
    assert (response.status, shown["status"]) == (200, "canceled")
    assert shown["canceled_at"] is not None
    assert (await subscription(stripe))["status"] == "canceled"
    for at in ("", "?at=now"):
        repeated, again = await delete(service, tenant_id, headers, at)
        assert (repeated.status, again) == (200, shown)
    for path in (f"/tenants/{tenant_id}", f"/tenants/{tenant_id}/audit", "/billing/invoices"):
        assert (await service.get(path, headers))[0] == 200
    assert (await put(service, tenant_id, headers))[1]["code"] == "tenant_canceled"
    async with service.http.post(f"/tenants/{tenant_id}/reactivate", headers=headers) as response:
        assert (await response.json())["code"] == "tenant_canceled"


async def test_a_cancellation_that_the_ledger_missed_is_healed_by_repeating_it(service, monkeypatch):
    tenant_id, headers = await service.tenant()

    async def unavailable(*_, **__):
        raise LedgerUnavailableError

    with monkeypatch.context() as broken:
        broken.setattr("service.ledger.tenants.TenantBook.change", unavailable)
        assert (await delete(service, tenant_id, headers, "?at=now"))[0].status == 503
    response, shown = await delete(service, tenant_id, headers, "?at=now")
    assert (response.status, shown["status"]) == (200, "canceled")


async def test_a_cancellation_is_meant_for_one_version(service):
    tenant_id, headers = await service.tenant()
    assert (await delete(service, tenant_id, {**headers, "If-Match": '"2"'}))[0].status == 412
    assert (await delete(service, tenant_id, {**headers, "If-Match": '"1"'}))[0].status == 202


async def test_another_time_to_cancel_is_refused(service):
    tenant_id, headers = await service.tenant()
    response, problem = await delete(service, tenant_id, headers, "?at=tomorrow")
    assert (response.status, [error["field"] for error in problem["errors"]]) == (422, ["at"])


async def test_a_suspended_tenant_keeps_its_plan_and_may_do_the_rest(service, shared_redis):
    tenant_id, headers = await service.tenant()
    store = shared_redis.client()
    [name] = store.scan_iter(f"*:tenant:{tenant_id}")
    store.hset(name, "status", "suspended")
    response, problem = await put(service, tenant_id, headers, plan="starter")
    assert (response.status, problem["code"]) == (403, "tenant_suspended")
    assert (await put(service, tenant_id, headers, email="new@example.com"))[0].status == 200
    assert (await delete(service, tenant_id, headers))[0].status == 202
