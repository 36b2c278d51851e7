"""The page `/signup` in a browser: from the form to the key, the account and the portal."""

import re
from datetime import UTC, datetime

import aiohttp
import pytest
from playwright.async_api import expect

from service.domain.bill import month_bill
from service.domain.c2pa_facts import EventType
from service.domain.catalog import load_catalog
from service.domain.shown_bill import shown_bill
from service.domain.tenant import Plan

DESKTOP, PHONE = {"width": 1280, "height": 860}, {"width": 380, "height": 800}
LOOKS = [
    ("desktop", DESKTOP, "light"),
    ("desktop", DESKTOP, "dark"),
    ("phone", PHONE, "light"),
    ("phone", PHONE, "dark"),
]

CAP = {"used_microcents": 17_820_000_000, "limit_microcents": 20_000_000_000}


async def sign_up(page, stack, name="Example Media"):
    """Fill in and send the form; return the key that is shown."""
    await page.goto(f"{stack.base_url}/signup")
    await page.get_by_label("Name of your organisation").fill(name)
    await page.get_by_label("E-mail for invoices").fill("billing@example.com")
    await page.get_by_role("radio", name="Pro").check()
    await page.get_by_role("button", name="Create account").click()
    await expect(page.get_by_role("heading", name="Your API key")).to_be_focused()
    return await page.locator("#api-key").inner_text()


async def report(stack, key, event_type, value):
    event = {"event_id": f"{event_type}-1", "event_type": event_type, "value": value}
    event["timestamp"] = datetime.now(UTC).isoformat()
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        aiohttp.ClientSession(stack.base_url) as session,
        session.post("/usage/report", json={"events": [event]}, headers=headers) as response,
    ):
        assert (await response.json())["results"] == [{"event_id": event["event_id"], "status": "accepted"}]


async def to_account(page):
    await page.get_by_role("button", name="I have stored the key").click()
    await expect(page.get_by_role("heading", name="Example Media")).to_be_visible()


async def no_sideways_scrolling(page):
    return await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


async def test_from_the_form_to_the_portal(browser_page, stack):
    page = browser_page
    key = await sign_up(page, stack)
    assert re.fullmatch(r"c2pa_[0-9A-Za-z_]{80,}", key)
    await expect(page.get_by_text("it is shown this once")).to_be_visible()
    await to_account(page)
    assert key not in await page.content()
    await report(stack, key, "sign_events", 170)
    await page.get_by_role("button", name="Refresh").click()
    await expect(page.get_by_role("region", name="Usage this month")).to_contain_text("170 of 200 in the trial")
    await expect(page.get_by_role("region", name="Bill so far")).to_contain_text(
        "Nothing: this month is within the trial"
    )
    await expect(page.get_by_role("region", name="Daily cost cap")).to_contain_text("of $200")
    async with page.expect_popup() as opened:
        await page.get_by_role("button", name="Billing portal").click()
    portal = await opened.value
    await expect(portal).to_have_url(re.compile(re.escape(stack.stripe_sandbox_url)))
    await expect(page.get_by_role("heading", name="Example Media")).to_be_visible()


async def test_the_key_is_copied_and_kept_nowhere(browser_page, stack):
    page = browser_page
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    key = await sign_up(page, stack)
    await page.get_by_role("button", name="Copy the key").click()
    await expect(page.get_by_text("Copied.")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == key
    await to_account(page)
    stored = await page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie, location.href])")
    assert key not in stored
    await page.reload()
    await expect(page.get_by_role("heading", name="Example Media")).to_be_visible()
    assert key not in await page.content()


async def test_a_session_lets_the_page_see_the_account_without_the_key_until_it_is_ended(browser_page, stack):
    page, keys = browser_page, []
    await sign_up(page, stack)
    await to_account(page)
    page.on("request", lambda one: keys.append(one.headers.get("authorization")))
    await page.reload()
    await expect(page.get_by_role("heading", name="Example Media")).to_be_visible()
    async with page.expect_popup() as opened:
        await page.get_by_role("button", name="Billing portal").click()
    await expect(await opened.value).to_have_url(re.compile(re.escape(stack.stripe_sandbox_url)))
    assert set(keys) == {None}
    [cookie] = await page.context.cookies()
    shown = {name: cookie[name] for name in ("name", "httpOnly", "secure", "sameSite", "path")}
    assert shown == {
        "name": "__Host-c2pa-billing",
        "httpOnly": True,
        "secure": True,
        "sameSite": "Strict",
        "path": "/",
    }
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Start your trial")).to_be_visible()
    assert await page.context.cookies() == []


async def test_a_double_click_makes_one_tenant(browser_page, stack):
    page, answers = browser_page, []
    page.on("response", lambda one: answers.append(one) if one.url.endswith("/tenants") else None)
    await page.goto(f"{stack.base_url}/signup")
    await page.get_by_label("Name of your organisation").fill("Twice")
    await page.get_by_label("E-mail for invoices").fill("twice@example.com")
    await page.get_by_role("button", name="Create account").dblclick()
    await expect(page.get_by_role("heading", name="Your API key")).to_be_visible()
    assert [answer.status for answer in answers] == [201]


async def test_a_broken_connection_is_repeated_with_the_same_key(browser_page, stack, complaints):
    page, keys = browser_page, []

    async def lose_the_answer(route):
        keys.append(route.request.headers["idempotency-key"])
        response = await route.fetch()
        await (route.abort() if len(keys) == 1 else route.fulfill(response=response))

    await page.route("**/tenants", lose_the_answer)
    await page.goto(f"{stack.base_url}/signup")
    await page.get_by_label("Name of your organisation").fill("Again")
    await page.get_by_label("E-mail for invoices").fill("again@example.com")
    create = page.get_by_role("button", name="Create account")
    await create.click()
    await expect(page.get_by_text("could not be reached")).to_be_visible()
    await create.click()
    await expect(page.get_by_role("heading", name="Your API key")).to_be_visible()
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert complaints.pop().startswith("console: Failed to load resource")


async def test_what_is_wrong_is_said_at_the_field(browser_page, stack, complaints):
    page = browser_page
    await page.goto(f"{stack.base_url}/signup")
    name, email = page.get_by_label("Name of your organisation"), page.get_by_label("E-mail for invoices")
    await page.get_by_role("button", name="Create account").click()
    await expect(name).to_be_focused()
    await expect(name).to_have_accessible_description("This is required.")
    await name.fill("Example")
    await email.fill("nobody")
    await page.get_by_role("button", name="Create account").click()
    await expect(email).to_be_focused()
    await expect(email).to_have_accessible_description("This must be an e-mail address of at most 254 characters.")
    await expect(name).not_to_have_attribute("aria-invalid", "true")
    assert complaints.pop().startswith("console: Failed to load resource")


async def test_who_has_a_key_opens_the_account(browser_page, stack, complaints):
    page = browser_page
    await page.goto(f"{stack.base_url}/signup?tenant={stack.tenant_id}")
    sign_in = page.locator("#sign-in")
    await sign_in.get_by_label("API key").fill(stack.api_key[:-1] + "!")
    await page.get_by_role("button", name="Open account").click()
    await expect(page.get_by_text("A valid API key is required")).to_be_visible()
    complaints.clear()
    await sign_in.get_by_label("API key").fill(stack.api_key)
    await page.get_by_role("button", name="Open account").click()
    await expect(page.get_by_role("heading", name="Demo")).to_be_focused()
    assert stack.tenant_id not in page.url


async def test_a_mailed_link_asks_for_one_click(browser_page, stack):
    """The stack signs up at once; the answers are those of one that asks for the address to be confirmed."""
    page, sent, token = browser_page, [], "t" * 43

    async def activated(route):
        sent.append(route.request.post_data_json)
        await route.fulfill(status=201, json={"tenant_id": stack.tenant_id, "api_key": stack.api_key})

    await page.route("**/tenants", lambda route: route.fulfill(status=202, json={"status": "verification_sent"}))
    await page.route("**/signup/activate", activated)
    await page.goto(f"{stack.base_url}/signup")
    await page.get_by_label("Name of your organisation").fill("Example Media")
    await page.get_by_label("E-mail for invoices").fill("billing@example.com")
    await page.get_by_role("button", name="Create account").click()
    await expect(page.get_by_role("heading", name="Check your mail")).to_be_focused()
    await expect(page.get_by_text("billing@example.com")).to_be_visible()
    await page.goto("about:blank")
    await page.goto(f"{stack.base_url}/signup#token={token}")
    await expect(page.get_by_role("heading", name="Confirm your e-mail address")).to_be_visible()
    assert token not in page.url
    assert sent == []
    await page.get_by_role("button", name="Confirm and get the key").click()
    await expect(page.locator("#api-key")).to_have_text(stack.api_key)
    assert sent == [{"token": token}]


async def test_a_payment_method_is_added_at_stripe(browser_page, stack):
    page = browser_page
    await sign_up(page, stack)
    await to_account(page)
    async with page.expect_popup() as opened:
        await page.get_by_role("button", name="Add a payment method").click()
    checkout = await opened.value
    await expect(checkout).to_have_url(re.compile(re.escape(stack.stripe_sandbox_url)))


@pytest.mark.parametrize(("device", "size", "scheme"), LOOKS, ids=lambda part: part if isinstance(part, str) else "")
async def test_a_bill_is_shown_line_by_line(browser_page, stack, save_screenshot, device, size, scheme):
    """A tenant of this month is in its trial, so another one's standing and bill are put into the answers."""
    page, units = browser_page, {EventType.SIGN_EVENTS: 9_400, EventType.VERIFY_EVENTS: 61_000}
    bill = {**shown_bill(month_bill(load_catalog(), Plan.PRO, "2026-11", units)), "trial": False}
    await page.route("**/billing/preview", lambda route: route.fulfill(json=bill))
    await page.route("**/tenants/*", lambda route: changed(route, status="active", cancel_at="2027-01-01T00:00:00Z"))
    await page.route("**/usage/*", lambda route: changed(route, totals={**units}))
    await page.route("**/cost", lambda route: changed(route, daily_cost_cap=CAP))
    await page.set_viewport_size(size)
    await page.emulate_media(color_scheme=scheme)
    await sign_up(page, stack)
    await to_account(page)
    table = page.get_by_role("region", name="Bill so far").get_by_role("row")
    await expect(table).to_have_count(len(bill["lines"]) + 2)
    await expect(table.last).to_have_text("Total so far$3,727.00")
    await expect(page.get_by_text("Ends on 1 January 2027, as you asked.")).to_be_visible()
    await save_screenshot(f"bill-{device}-{scheme}")
    assert await no_sideways_scrolling(page)


async def changed(route, **changes):
    response = await route.fetch()
    await route.fulfill(response=response, json={**await response.json(), **changes})


@pytest.mark.parametrize(("device", "size", "scheme"), LOOKS, ids=lambda part: part if isinstance(part, str) else "")
async def test_every_view_fits_the_screen(browser_page, stack, save_screenshot, device, size, scheme):
    page = browser_page
    await page.set_viewport_size(size)
    await page.emulate_media(color_scheme=scheme)
    await page.goto(f"{stack.base_url}/signup")
    await expect(page.get_by_role("radio")).to_have_count(3)
    await save_screenshot(f"signup-{device}-{scheme}")
    assert await no_sideways_scrolling(page)
    key = await sign_up(page, stack)
    await save_screenshot(f"key-{device}-{scheme}")
    assert await no_sideways_scrolling(page)
    await report(stack, key, "sign_events", 170)
    await report(stack, key, "verify_events", 12_480)
    await to_account(page)
    await save_screenshot(f"account-{device}-{scheme}")
    assert await no_sideways_scrolling(page)


@pytest.mark.parametrize(("device", "size", "scheme"), LOOKS, ids=lambda part: part if isinstance(part, str) else "")
async def test_the_reference_fits_the_screen(browser_page, stack, save_screenshot, device, size, scheme):
    page = browser_page
    await page.set_viewport_size(size)
    await page.emulate_media(color_scheme=scheme)
    await page.goto(f"{stack.base_url}/docs")
    await expect(page.locator("article")).not_to_have_count(0)
    await save_screenshot(f"docs-{device}-{scheme}")
    assert await no_sideways_scrolling(page)
    await page.get_by_label("Filter the endpoints").fill("rotate")
    await expect(page.locator("article:visible")).to_have_count(1)
