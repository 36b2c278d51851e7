"""What holds for every endpoint: keys, error shapes, unknown paths and parameters, paging."""

import aiohttp
import pytest
import stripe

KEY = {"Authorization": "Bearer sk_test_sandbox"}


async def test_balance_answers_a_health_check(client: stripe.StripeClient) -> None:
    balance = await client.v1.balance.retrieve_async()
    assert balance.object == "balance"
    assert balance.available[0].amount == 0


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer "}, {"Authorization": "Bearer sk_live_1"}])
async def test_a_request_without_a_test_key_is_refused(url: str, headers: dict[str, str]) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url}/v1/balance", headers=headers) as response,
    ):
        assert response.status == 401
        assert response.headers["Request-Id"].startswith("req_")
        assert (await response.json())["error"]["type"] == "invalid_request_error"


async def test_the_client_sees_an_authentication_error(url: str) -> None:
    http_client = stripe.AIOHTTPClient()
    stranger = stripe.StripeClient("sk_live_1", http_client=http_client, base_addresses={"api": url})
    with pytest.raises(stripe.AuthenticationError):
        await stranger.v1.balance.retrieve_async()
    await http_client.close_async()


async def test_a_key_is_never_repeated_whole(url: str) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url}/v1/balance", headers={"Authorization": "Bearer sk_live_secret"}) as response,
    ):
        assert "sk_live_secret" not in await response.text()


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/unicorns"), ("DELETE", "/v1/balance")])
async def test_an_unknown_path_is_stripes_404(url: str, method: str, path: str) -> None:
    async with (
        aiohttp.ClientSession(headers=KEY) as session,
        session.request(method, url + path) as response,
    ):
        assert response.status == 404
        message = (await response.json())["error"]["message"]
        assert message == f"Unrecognized request URL ({method}: {path})."


async def test_an_unknown_parameter_is_named_and_changes_nothing(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await client.v1.customers.create_async({"emial": "a@example.com"})
    assert (refused.value.http_status, refused.value.code) == (400, "parameter_unknown")
    assert refused.value.param == "emial"
    assert (await client.v1.customers.list_async()).data == []


async def test_json_is_refused_as_stripe_does(url: str) -> None:
    async with (
        aiohttp.ClientSession(headers=KEY) as session,
        session.post(f"{url}/v1/customers", json={"name": "n"}) as response,
    ):
        assert response.status == 400
        assert "content type" in (await response.json())["error"]["message"]


async def test_pages_follow_one_another_newest_first(client: stripe.StripeClient) -> None:
    for number in range(5):
        await client.v1.customers.create_async({"name": f"c{number}"})
    page = await client.v1.customers.list_async({"limit": 2})
    assert page.has_more
    names = [customer.name async for customer in page.auto_paging_iter()]
    assert names == ["c4", "c3", "c2", "c1", "c0"]
    before = await client.v1.customers.list_async({"limit": 2, "ending_before": page.data[1].id})
    assert [customer.name for customer in before.data] == ["c4"]


@pytest.mark.parametrize("limit", [0, 101])
async def test_the_page_limit_is_bounded(client: stripe.StripeClient, limit: int) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        await client.v1.customers.list_async({"limit": limit})


async def test_the_controls_need_no_key_and_show_the_state(url: str, client: stripe.StripeClient) -> None:
    customer = await client.v1.customers.create_async({"metadata": {"tenant_id": "t1"}})
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{url}/_sandbox/healthy") as response:
            assert (response.status, await response.json()) == (200, {"healthy": True})
        async with session.get(f"{url}/_sandbox/state") as response:
            state = await response.json()
    assert [row["id"] for row in state["customers"]] == [customer.id]
    assert [row["type"] for row in state["events"]] == ["customer.created"]
