"""What the gateway reads of a customer: the account, invoices and the pages to send them to."""

import time

from service.domain.catalog import load_catalog
from service.domain.money import MICROCENTS_PER_CENT
from service.domain.tenant import Plan
from service.payments.subscriptions import first_month_start

CATALOG = load_catalog()


def fee_cents(plan):
    return CATALOG.plans[plan].monthly_price_microcents // MICROCENTS_PER_CENT


async def with_card(client, tenant, card="pm_card_visa"):
    return (await client.v1.payment_methods.attach_async(card, {"customer": tenant.customer_id})).id


async def test_a_trial_has_a_plan_an_end_and_nothing_to_pay(stocked, tenant):
    account = await stocked.account(tenant.customer_id)
    [subscription] = account.subscriptions
    assert (account.tenant_id, account.is_deleted) == (tenant.tenant_id, False)
    assert (account.default_payment_method, account.payment_methods) == (None, ())
    assert (subscription.id, subscription.status, subscription.plan) == (
        tenant.subscription_id,
        "trialing",
        Plan.STARTER,
    )
    assert subscription.trial_end == subscription.period_end == tenant.trial_ends_at
    assert account.unpaid_invoices == ()


async def test_an_attached_method_is_used_once_it_is_made_the_default(stocked, tenant, client):
    method = await with_card(client, tenant)
    account = await stocked.account(tenant.customer_id)
    assert (account.default_payment_method, account.payment_methods) == (None, (method,))
    await stocked.use_payment_method(tenant.customer_id, method, "method")
    assert (await stocked.account(tenant.customer_id)).default_payment_method == method


async def test_a_plan_is_known_by_the_metadata_once_its_price_is_replaced(tenant, gateway):
    """`gateway` is configured with other price ids than those that the subscription has."""
    assert (await gateway.account(tenant.customer_id)).subscriptions[0].plan is Plan.STARTER


async def test_an_unpaid_month_is_an_open_invoice(stocked, tenant, control):
    await control("clock", now=tenant.trial_ends_at + 2 * 3600)
    account = await stocked.account(tenant.customer_id)
    [unpaid] = account.unpaid_invoices
    assert 0 < unpaid.amount_remaining_cents < fee_cents(Plan.STARTER)
    assert tenant.trial_ends_at <= unpaid.created <= tenant.trial_ends_at + 3600
    assert account.subscriptions[0].status == "past_due"


async def test_a_deleted_customer_belongs_to_nobody(stocked, tenant, client):
    await client.v1.customers.delete_async(tenant.customer_id)
    account = await stocked.account(tenant.customer_id)
    assert (account.is_deleted, account.tenant_id, account.default_payment_method) == (True, None, None)


async def test_a_changed_customer_is_told_to_stripe(stocked, tenant, client):
    await stocked.update_customer(tenant.customer_id, "New name", "new@example.com", "update")
    customer = await client.v1.customers.retrieve_async(tenant.customer_id)
    assert (customer.name, customer.email) == ("New name", "new@example.com")


async def test_invoices_are_read_page_by_page(stocked, tenant, control):
    await control("clock", now=first_month_start(tenant.trial_ends_at) + 2 * 3600)
    everything = await stocked.invoices(tenant.customer_id, 100)
    page, seen = await stocked.invoices(tenant.customer_id, 1), []
    while True:
        seen += page.invoices
        if not page.has_more:
            break
        page = await stocked.invoices(tenant.customer_id, 1, seen[-1].id)
    assert len(seen) > 1
    assert tuple(seen) == everything.invoices
    assert [invoice.created for invoice in seen] == sorted((invoice.created for invoice in seen), reverse=True)


def first_ten_lines(document):
    """An invoice as it is shown in a list, where only the first ten lines are."""
    for invoice in document["data"]:
        lines = invoice["lines"]
        lines |= {"data": lines["data"][:10], "has_more": len(lines["data"]) > 10}
    return document


async def test_an_invoices_lines_are_all_there_and_make_its_amount(stocked, tenant, control, front):
    front.amendments["/v1/invoices"] = first_ten_lines
    now = int(time.time())
    await control("clock", now=tenant.trial_ends_at + 60)
    uses = {"c2pa_sign_events": 9_000, "c2pa_verify_events": 400_000, "c2pa_rfc3161_timestamps": 3}
    for meter, units in uses.items():
        await stocked.send_meter_event(meter, tenant.customer_id, units, f"{meter}:{now}", tenant.trial_ends_at + 30)
    await control("clock", now=first_month_start(tenant.trial_ends_at) + 2 * 3600)
    newest = (await stocked.invoices(tenant.customer_id, 1)).invoices[0]
    assert len(newest.lines) > 10
    assert any(request.path == f"/v1/invoices/{newest.id}/lines" for request in front.requests)
    assert sum(line.amount_cents for line in newest.lines) == newest.amount_due_cents


async def test_a_preview_answers_what_if(stocked, tenant, control):
    await control("clock", now=tenant.trial_ends_at + 60)
    as_it_is = await stocked.upcoming_invoice(tenant.customer_id, tenant.subscription_id)
    changed = await stocked.upcoming_invoice(tenant.customer_id, tenant.subscription_id, Plan.PRO)
    assert fee_cents(Plan.STARTER) in {line.amount_cents for line in as_it_is.lines}
    assert fee_cents(Plan.PRO) in {line.amount_cents for line in changed.lines}
    assert any(line.is_proration for line in changed.lines)
    assert not any(line.is_proration for line in as_it_is.lines)
    assert (await stocked.account(tenant.customer_id)).subscriptions[0].plan is Plan.STARTER


async def test_the_portal_is_configured_once(stocked, tenant, client):
    for _ in range(2):
        assert (await stocked.portal_session(tenant.customer_id, "https://a.example/back")).startswith("http")
    [configuration] = (await client.v1.billing_portal.configurations.list_async()).data
    assert configuration.features.payment_method_update.enabled
    assert not configuration.features.subscription_update.enabled
    assert not configuration.features.subscription_cancel.enabled


async def test_checkout_asks_for_a_payment_method_and_no_payment(stocked, tenant, client):
    pages = "https://a.example/done", "https://a.example/left"
    url = await stocked.checkout_session(
        tenant.customer_id, tenant.tenant_id, tenant.subscription_id, *pages, "checkout"
    )
    [session] = (await client.v1.checkout.sessions.list_async()).data
    assert session.url == url
    assert (session.mode, session.customer, session.client_reference_id) == (
        "setup",
        tenant.customer_id,
        tenant.tenant_id,
    )
