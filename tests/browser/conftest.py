"""A headless Chromium that reaches this machine only, and fails the test of a page that isn't clean."""

import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import BrowserContext, ConsoleMessage, Page, Route, WebSocketRoute, async_playwright

from chaos.lab.programs import PROJECT, find

SCREENSHOTS = PROJECT / "var" / "screenshots"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    # Look-ups that no request shows, such as a link's dns-prefetch.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]",
]

Screenshot = Callable[[str], Awaitable[Path]]


@pytest.fixture
def complaints() -> list[str]:
    """What the page did wrong; a test that provokes it looks here, and empties the list."""
    return []


@pytest.fixture
async def browser_page(complaints: list[str], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Page]:
    """An empty page. The test fails when it, or one that it opens, errs or asks another machine for something."""
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", str(find("node")))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find("chromium"), args=FLAGS)
        context = await browser.new_context(service_workers="block")
        await _watch(context, complaints)
        yield await context.new_page()
        await context.close()
        await browser.close()
    assert complaints == []


@pytest.fixture
def save_screenshot(browser_page: Page) -> Screenshot:
    """Save what the page shows, in its full height, as var/screenshots/<name>.png."""

    async def save(name: str) -> Path:
        path = SCREENSHOTS / f"{name}.png"
        await browser_page.screenshot(path=path, full_page=True)
        return path

    return save


async def _watch(context: BrowserContext, complaints: list[str]) -> None:
    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(f"console: {message.text}")

    async def on_request(route: Route) -> None:
        if _is_local(route.request.url):
            await route.continue_()
        else:
            complaints.append(f"request: {route.request.url}")
            await route.abort()

    async def on_web_socket(socket: WebSocketRoute) -> None:
        if _is_local(socket.url):
            socket.connect_to_server()
        else:
            complaints.append(f"request: {socket.url}")
            await socket.close()

    context.on("console", on_console)
    context.on("weberror", lambda failure: complaints.append(f"page: {failure.error}"))
    await context.route("**/*", on_request)
    await context.route_web_socket("**/*", on_web_socket)


def _is_local(url: str) -> bool:
    """Whether the address is of this machine, or of no machine at all (`data:`, `blob:`)."""
    host = urlsplit(url).hostname
    if host is None or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
