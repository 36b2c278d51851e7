"""Checkout and portal: the sessions, the customer who pays, and the pages that a browser sees."""

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
import stripe

Control = Callable[..., Awaitable[dict[str, Any]]]


async def page(url: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        assert response.status == 200
        assert response.content_type == "text/html"
        return await response.text()


async def test_checkout_begins_a_subscription(client: stripe.StripeClient, control: Control, catalogue: Any) -> None:
    customer = await client.v1.customers.create_async({"name": "Acme"})
    made = await client.v1.checkout.sessions.create_async(
        {
            "mode": "subscription",
            "customer": customer.id,
            "line_items": [{"price": catalogue.plan.id, "quantity": 2}, {"price": catalogue.signs.id}],
            "subscription_data": {"metadata": {"tenant_id": "t1"}},
            "success_url": "https://example.com/done?session={CHECKOUT_SESSION_ID}",
        }
    )
    assert (made.status, made.payment_status) == ("open", "unpaid")
    assert 'id="pay"' in await page(str(made.url))
    answer = await control(f"checkout/{made.id}/complete", payment_method="pm_card_visa")
    assert answer == {"url": f"https://example.com/done?session={made.id}"}
    read = await client.v1.checkout.sessions.retrieve_async(made.id, {"expand": ["subscription", "line_items"]})
    whole: Any = read
    assert (read.status, read.payment_status, whole.subscription.status) == ("complete", "paid", "active")
    assert whole.subscription.metadata["tenant_id"] == "t1"
    assert [row.quantity for row in whole.line_items.data] == [2, None]
    (told,) = (await client.v1.events.list_async({"type": "checkout.session.completed"})).data
    assert told.data.object["id"] == made.id


async def test_checkout_keeps_a_card_by_the_button_on_its_page(
    client: stripe.StripeClient, payer: stripe.Customer
) -> None:
    made = await client.v1.checkout.sessions.create_async(
        {"mode": "setup", "customer": payer.id, "currency": "usd", "success_url": "https://example.com/done"}
    )
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{made.url}/complete", data={"payment_method": "pm_card_amex"}, allow_redirects=False) as got,
    ):
        assert (got.status, got.headers["Location"]) == (303, "https://example.com/done")
    intent = await client.v1.setup_intents.retrieve_async(str(made.setup_intent), {"expand": ["payment_method"]})
    kept: Any = intent.payment_method
    assert (intent.status, kept.card.brand, kept.customer) == ("succeeded", "amex", payer.id)
    read: Any = await client.v1.customers.retrieve_async(payer.id)
    assert read.invoice_settings.default_payment_method == kept.id


async def test_a_card_that_declines_leaves_the_session_open(
    client: stripe.StripeClient, url: str, catalogue: Any
) -> None:
    made = await client.v1.checkout.sessions.create_async(
        {"mode": "subscription", "line_items": [{"price": catalogue.plan.id, "quantity": 1}]}
    )
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{url}/_sandbox/checkout/{made.id}/complete", json={"payment_method": "pm_card_chargeCustomerFail"}
        ) as got,
    ):
        assert (got.status, (await got.json())["error"]["code"]) == (402, "card_declined")
    assert (await client.v1.checkout.sessions.retrieve_async(made.id)).status == "open"
    assert (await client.v1.subscriptions.list_async({"status": "all"})).data == []


async def test_a_session_expires_by_request_or_by_itself(
    client: stripe.StripeClient, control: Control, payer: stripe.Customer
) -> None:
    first, second = [
        await client.v1.checkout.sessions.create_async({"mode": "setup", "customer": payer.id}) for _ in range(2)
    ]
    assert (await client.v1.checkout.sessions.expire_async(first.id)).status == "expired"
    with pytest.raises(stripe.InvalidRequestError):
        await client.v1.checkout.sessions.expire_async(first.id)
    await control("clock", advance_seconds=24 * 3600)
    assert (await client.v1.checkout.sessions.retrieve_async(second.id)).status == "expired"


async def test_the_portal_shows_subscription_and_invoices(
    client: stripe.StripeClient, payer: stripe.Customer, catalogue: Any
) -> None:
    made = await client.v1.subscriptions.create_async(
        {"customer": payer.id, "items": [{"price": catalogue.plan.id}], "expand": ["latest_invoice"]}
    )
    with pytest.raises(stripe.InvalidRequestError, match="default configuration has not been created"):
        await client.v1.billing_portal.sessions.create_async({"customer": payer.id})
    configuration = await client.v1.billing_portal.configurations.create_async(
        {"features": {"invoice_history": {"enabled": True}}}
    )
    assert (configuration.is_default, configuration.features.invoice_history.enabled) == (True, True)
    listed = await client.v1.billing_portal.configurations.list_async({"is_default": True})
    assert [row.id for row in listed.data] == [configuration.id]
    session = await client.v1.billing_portal.sessions.create_async(
        {"customer": payer.id, "return_url": "https://example.com/billing?a=1&b=2"}
    )
    text = await page(session.url)
    invoice: Any = made.latest_invoice
    assert session.configuration == configuration.id
    for expected in ("Acme &lt;billing@example.com&gt;", "<b>active</b>", invoice.number, "50.00 USD", "a=1&amp;b=2"):
        assert expected in text
    assert "1 x Pro" in await page(invoice.hosted_invoice_url)
