import pytest
import stripe


async def test_a_customer_keeps_what_it_was_created_with(client: stripe.StripeClient) -> None:
    made = await client.v1.customers.create_async(
        {"name": "Acme", "email": "billing@example.com", "metadata": {"tenant_id": "t1"}}
    )
    read = await client.v1.customers.retrieve_async(made.id)
    assert made.id.startswith("cus_")
    assert (read.name, read.email, read.livemode) == ("Acme", "billing@example.com", False)
    assert read.metadata is not None
    assert read.metadata["tenant_id"] == "t1"


async def test_an_update_changes_only_what_it_names(client: stripe.StripeClient) -> None:
    made = await client.v1.customers.create_async({"name": "Acme", "metadata": {"a": "1", "b": "2"}})
    await client.v1.customers.update_async(made.id, {"email": "x@example.com", "metadata": {"a": ""}})
    read = await client.v1.customers.retrieve_async(made.id)
    assert (read.name, read.email) == ("Acme", "x@example.com")
    assert read.metadata is not None
    assert read.metadata.to_dict() == {"b": "2"}


async def test_lists_filter_by_email(client: stripe.StripeClient) -> None:
    for email in ("a@example.com", "b@example.com"):
        await client.v1.customers.create_async({"email": email})
    found = await client.v1.customers.list_async({"email": "a@example.com"})
    assert [customer.email for customer in found.data] == ["a@example.com"]


async def test_a_deleted_customer_is_a_stub_and_cannot_be_changed(client: stripe.StripeClient) -> None:
    made = await client.v1.customers.create_async({"name": "Acme"})
    await client.v1.customers.delete_async(made.id)
    read = await client.v1.customers.retrieve_async(made.id)
    assert read.deleted is True
    assert (await client.v1.customers.list_async()).data == []
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await client.v1.customers.update_async(made.id, {"name": "Again"})
    assert refused.value.code == "resource_missing"


async def test_a_customer_that_never_was_is_missing(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such customer: 'cus_none'") as refused:
        await client.v1.customers.retrieve_async("cus_none")
    assert (refused.value.http_status, refused.value.code, refused.value.param) == (
        404,
        "resource_missing",
        "id",
    )
