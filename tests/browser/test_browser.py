"""The browser of the tests: it shows a served page, and nothing that a page does wrong goes unseen."""

import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from chaos.lab.programs import PROJECT

CLEAN = "<!doctype html><title>Invoices</title><h1>None yet</h1>"
# What a page may do wrong, and the complaint that it must raise. 192.0.2.0/24 is reserved for documentation.
WRONG = {
    "console": ("<script>console.error('odd total')</script>", "console: odd total"),
    "exception": ("<script>throw new Error('no plan')</script>", "page: no plan"),
    "image": ("<img src='http://192.0.2.1/pixel.png'>", "request: http://192.0.2.1/pixel.png"),
    "fetch": ("<script>fetch('https://cdn.example/a').catch(() => 0)</script>", "request: https://cdn.example/a"),
    "socket": ("<script>new WebSocket('ws://cdn.example/live')</script>", "request: ws://cdn.example/live"),
    "popup": ("<script>window.open('http://cdn.example/')</script>", "request: http://cdn.example/"),
}


@pytest.fixture
async def site() -> AsyncIterator[TestServer]:
    """A local site: a page that greets its visitor over a socket, and one page for each wrong deed."""

    async def show(request: web.Request) -> web.Response:
        body, _ = WRONG.get(request.match_info["page"], ("", ""))
        return web.Response(text=CLEAN + body, content_type="text/html")

    async def greet(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str("welcome")
        await socket.close()
        return socket

    app = web.Application()
    app.router.add_get("/live", greet)
    app.router.add_get("/{page}", show)
    async with TestServer(app) as server:
        yield server


async def test_a_served_page_is_shown_and_pictured(browser_page, site, save_screenshot) -> None:
    await browser_page.goto(str(site.make_url("/clean")))
    assert await browser_page.title() == "Invoices"
    assert await browser_page.get_by_role("heading").inner_text() == "None yet"
    picture = await save_screenshot("browser")
    assert picture == PROJECT / "var/screenshots/browser.png"
    assert picture.read_bytes().startswith(b"\x89PNG")


async def test_a_local_socket_is_let_through(browser_page, site) -> None:
    await browser_page.goto(str(site.make_url("/clean")))
    listen = "() => new Promise(done => { new WebSocket('/live').onmessage = event => done(event.data) })"
    assert await browser_page.evaluate(listen) == "welcome"


@pytest.mark.parametrize("page", WRONG)
async def test_a_wrong_deed_is_seen(browser_page, site, complaints, page: str) -> None:
    await browser_page.goto(str(site.make_url(f"/{page}")), wait_until="networkidle")
    assert WRONG[page][1] in complaints
    complaints.clear()


def test_a_complaint_fails_the_test(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "test_page.py").write_text(
        "async def test_page(browser_page):\n"
        "    await browser_page.set_content(\"<script>console.error('odd total')</script>\")\n"
    )
    options = ["-q", "-p", "no:cacheprovider", f"--rootdir={tmp_path}", "-o", "asyncio_mode=auto"]
    argv = [sys.executable, "-m", "pytest", *options, str(tmp_path)]
    done = subprocess.run(argv, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "console: odd total" in done.stdout
