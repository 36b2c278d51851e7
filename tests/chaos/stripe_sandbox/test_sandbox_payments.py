"""Payment methods, charges and invoices as requests handle them."""

from typing import Any

import pytest
import stripe


async def test_a_method_is_attached_used_and_detached(client: stripe.StripeClient, payer: stripe.Customer) -> None:
    settings = payer.invoice_settings
    assert settings is not None
    (method,) = (await client.v1.payment_methods.list_async({"customer": payer.id})).data
    assert settings.default_payment_method == method.id
    assert method.card is not None
    assert (method.card.brand, method.card.last4) == ("visa", "4242")
    listed = await client.v1.customers.payment_methods.list_async(payer.id)
    assert [row.id for row in listed.data] == [method.id]
    await client.v1.payment_methods.detach_async(method.id)
    read = await client.v1.customers.retrieve_async(payer.id)
    assert read.invoice_settings is not None
    assert read.invoice_settings.default_payment_method is None
    assert (await client.v1.payment_methods.list_async({"customer": payer.id})).data == []
    told = {event.type for event in (await client.v1.events.list_async()).data}
    assert {"payment_method.attached", "payment_method.detached", "customer.updated"} <= told


async def test_a_method_comes_from_a_test_token(client: stripe.StripeClient, payer: stripe.Customer) -> None:
    made = await client.v1.payment_methods.create_async({"type": "card", "card": {"token": "tok_mastercard"}})
    assert made.card is not None
    assert (made.card.brand, made.customer) == ("mastercard", None)
    other = await client.v1.customers.create_async()
    await client.v1.payment_methods.attach_async(made.id, {"customer": payer.id})
    with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
        await client.v1.payment_methods.attach_async(made.id, {"customer": other.id})


async def test_some_cards_cannot_be_kept(client: stripe.StripeClient, payer: stripe.Customer) -> None:
    with pytest.raises(stripe.CardError) as refused:
        await client.v1.payment_methods.attach_async("pm_card_chargeDeclined", {"customer": payer.id})
    assert refused.value.code == "card_declined"


async def test_a_default_method_must_be_the_customers(client: stripe.StripeClient, payer: stripe.Customer) -> None:
    stranger = await client.v1.payment_methods.create_async({"type": "card", "card": {"token": "tok_visa"}})
    with pytest.raises(stripe.InvalidRequestError, match="No such PaymentMethod"):
        await client.v1.customers.update_async(payer.id, {"invoice_settings": {"default_payment_method": stranger.id}})


async def test_an_invoice_of_items_is_finalized_paid_and_shown_with_its_payment(
    client: stripe.StripeClient, payer: stripe.Customer
) -> None:
    await client.v1.invoice_items.create_async(
        {"customer": payer.id, "amount": 1500, "currency": "usd", "description": "Setup"}
    )
    await client.v1.invoice_items.create_async({"customer": payer.id, "amount": -500, "currency": "usd"})
    draft = await client.v1.invoices.create_async({"customer": payer.id})
    assert (draft.status, draft.total, draft.number) == ("draft", 1000, None)
    opened = await client.v1.invoices.finalize_invoice_async(draft.id)
    assert (opened.status, opened.amount_remaining) == ("open", 1000)
    assert str(opened.number).endswith("-0001")
    paid = await client.v1.invoices.pay_async(draft.id, {"expand": ["payments.data.payment.payment_intent"]})
    assert (paid.status, paid.amount_paid, paid.amount_remaining) == ("paid", 1000, 0)
    assert paid.payments is not None
    intent: Any = paid.payments.data[0].payment.payment_intent
    assert intent.status == "succeeded"
    charge = await client.v1.charges.retrieve_async(intent.latest_charge)
    assert (charge.amount, charge.paid) == (1000, True)
    lines = await client.v1.invoices.line_items.list_async(draft.id, {"limit": 1})
    assert (lines.data[0].amount, lines.has_more) == (1500, True)
    with pytest.raises(stripe.InvalidRequestError, match="already paid"):
        await client.v1.invoices.pay_async(draft.id)


@pytest.mark.parametrize(
    ("verb", "status"), [("void_invoice_async", "void"), ("mark_uncollectible_async", "uncollectible")]
)
async def test_an_open_invoice_can_be_given_up(
    client: stripe.StripeClient, payer: stripe.Customer, verb: str, status: str
) -> None:
    await client.v1.invoice_items.create_async({"customer": payer.id, "amount": 1500, "currency": "usd"})
    draft = await client.v1.invoices.create_async({"customer": payer.id})
    with pytest.raises(stripe.InvalidRequestError):
        await getattr(client.v1.invoices, verb)(draft.id)
    await client.v1.invoices.finalize_invoice_async(draft.id)
    assert (await getattr(client.v1.invoices, verb)(draft.id)).status == status
    query: Any = {"customer": payer.id, "status": status}
    listed = await client.v1.invoices.list_async(query)
    assert [row.id for row in listed.data] == [draft.id]


async def test_invoices_list_by_time_and_subscription(
    client: stripe.StripeClient, payer: stripe.Customer, catalogue: Any
) -> None:
    made = [
        await client.v1.subscriptions.create_async({"customer": payer.id, "items": [{"price": catalogue.plan.id}]})
        for _ in range(2)
    ]
    listed = await client.v1.invoices.list_async({"subscription": made[0].id, "created": {"gte": made[0].created}})
    assert [row.id for row in listed.data] == [made[0].latest_invoice]
    later = await client.v1.invoices.list_async({"customer": payer.id, "created": {"gt": made[0].created}})
    assert later.data == []


async def test_a_subscription_expands_what_it_names(
    client: stripe.StripeClient, payer: stripe.Customer, catalogue: Any
) -> None:
    made = await client.v1.subscriptions.create_async(
        {
            "customer": payer.id,
            "items": [{"price": catalogue.signs.id}],
            "expand": ["customer.invoice_settings.default_payment_method", "latest_invoice", "items.data.price.tiers"],
        }
    )
    whole: Any = made
    assert whole.customer.invoice_settings.default_payment_method.card.last4 == "4242"
    assert whole.latest_invoice.status == "paid"
    assert len(whole["items"].data[0].price.tiers) == 3
    plain = await client.v1.subscriptions.retrieve_async(made.id)
    assert plain.customer == payer.id
    assert "tiers" not in plain["items"].data[0].price
