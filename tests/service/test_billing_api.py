import pytest

RETURN = "http://127.0.0.1:3002/billing"


async def post(service, path, headers, **body):
    async with service.http.post(path, json=body, headers=headers) as response:
        return response.status, await response.json()


async def paid_twice(stripe, tenant_id):
    """Let the tenant have two invoices: its trial ends, and a month goes by."""
    state = await stripe.state()
    [subscription] = [each for each in state["subscriptions"] if each["metadata"]["tenant_id"] == tenant_id]
    await stripe.control("clock", now=subscription["trial_end"] + 3600)
    await stripe.control("clock", advance_seconds=32 * 24 * 3600)


async def test_the_portal_opens_for_the_tenants_customer(service, stripe):
    tenant_id, headers = await service.tenant()
    status, page = await post(service, "/billing/portal", headers, return_url=RETURN)
    assert status == 200
    assert page["url"].startswith("http")
    [asked] = stripe.asked("POST", "/v1/billing_portal/sessions")
    [customer] = (await stripe.state())["customers"]
    assert customer["metadata"]["tenant_id"] == tenant_id
    assert (asked.form["customer"], asked.form["return_url"]) == (customer["id"], RETURN)


async def test_checkout_collects_a_payment_method_for_the_running_subscription(service, stripe):
    tenant_id, headers = await service.tenant()
    success = RETURN + "?session={CHECKOUT_SESSION_ID}"
    status, page = await post(service, "/billing/checkout", headers, success_url=success, cancel_url=RETURN)
    assert status == 200
    assert page["url"].startswith("http")
    [asked] = stripe.asked("POST", "/v1/checkout/sessions")
    assert asked.form["mode"] == "setup"
    assert asked.form["metadata[tenant_id]"] == tenant_id
    assert (asked.form["success_url"], asked.form["cancel_url"]) == (success, RETURN)


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        ("/billing/portal", {"return_url": "https://evil.example/"}, ["return_url"]),
        ("/billing/portal", {"return_url": "http://127.0.0.1:3002.evil.example/"}, ["return_url"]),
        ("/billing/portal", {"return_url": "http://127.0.0.1:3002\\@evil.example/"}, ["return_url"]),
        ("/billing/portal", {}, ["return_url"]),
        (
            "/billing/checkout",
            {"success_url": "https://evil.example/", "cancel_url": "http://127.0.0.1:3003/"},
            ["success_url", "cancel_url"],
        ),
    ],
)
async def test_no_page_leads_to_another_origin(service, stripe, path, body, fields):
    _, headers = await service.tenant()
    stripe.requests.clear()
    status, problem = await post(service, path, headers, **body)
    assert (status, [error["field"] for error in problem["errors"]]) == (422, fields)
    assert not stripe.requests


async def test_other_origins_are_the_operators_choice(start_service, shared_redis):
    service = await start_service(shared_redis.port, ALLOWED_ORIGINS="https://app.example.com,http://localhost:5173")
    _, headers = await service.tenant()
    for url, status in (("https://app.example.com/", 200), ("http://localhost:5173/x", 200), (RETURN, 422)):
        assert (await post(service, "/billing/portal", headers, return_url=url))[0] == status


async def test_a_suspended_tenant_can_pay_and_a_canceled_one_has_nothing_to_open(service, shared_redis):
    tenant_id, headers = await service.tenant()
    store = shared_redis.client()
    [name] = store.scan_iter(f"*:tenant:{tenant_id}")
    for status, code in (("suspended", 200), ("canceled", 403)):
        store.hset(name, "status", status)
        assert (await post(service, "/billing/portal", headers, return_url=RETURN))[0] == code
        urls = {"success_url": RETURN, "cancel_url": RETURN}
        assert (await post(service, "/billing/checkout", headers, **urls))[0] == code


async def test_invoices_come_newest_first_in_pages_with_their_lines(service, stripe):
    tenant_id, headers = await service.tenant()
    await paid_twice(stripe, tenant_id)
    status, whole = await service.get("/billing/invoices", headers)
    assert status == 200
    assert whole["next_cursor"] is None
    assert len(whole["data"]) >= 2
    created = [invoice["created_at"] for invoice in whole["data"]]
    assert created == sorted(created, reverse=True)
    held = {invoice["id"]: invoice for invoice in (await stripe.state())["invoices"]}
    for invoice in whole["data"]:
        assert invoice["amount_due_cents"] == held[invoice["id"]]["amount_due"]
        assert sum(line["amount_cents"] for line in invoice["lines"]) == held[invoice["id"]]["total"]
    seen, cursor = [], ""
    while cursor is not None:
        _, page = await service.get(f"/billing/invoices?limit=1{cursor and '&cursor=' + cursor}", headers)
        seen += page["data"]
        cursor = page["next_cursor"]
    assert seen == whole["data"]


async def test_nobody_sees_somebody_elses_invoices(service, stripe):
    tenant_id, _ = await service.tenant()
    _, other = await service.tenant()
    await paid_twice(stripe, tenant_id)
    _, page = await service.get("/billing/invoices", other)
    mine = {customer["id"] for customer in (await stripe.state())["customers"]}
    assert len(mine) == 2
    seen = {invoice["id"] for invoice in page["data"]}
    foreign = {
        invoice["id"]
        for invoice in (await stripe.state())["invoices"]
        if invoice["customer"] == next(iter(await customers_of(stripe, tenant_id)))
    }
    assert foreign
    assert not seen & foreign


async def customers_of(stripe, tenant_id):
    return {
        customer["id"]
        for customer in (await stripe.state())["customers"]
        if customer["metadata"]["tenant_id"] == tenant_id
    }


@pytest.mark.parametrize("cursor", ["in_123", "YXVkaXQgMS0x", "aW52b2ljZXMgLi4vLi4v"])
async def test_a_cursor_of_something_else_is_refused(service, cursor):
    _, headers = await service.tenant()
    status, problem = await service.get(f"/billing/invoices?cursor={cursor}", headers)
    assert (status, problem["errors"][0]["field"]) == (422, "cursor")


async def test_without_stripe_there_is_no_answer(service, stripe):
    _, headers = await service.tenant()
    stripe.status = 500
    status, problem = await service.get("/billing/invoices", headers)
    assert (status, problem["code"]) == (503, "payments_unavailable")
