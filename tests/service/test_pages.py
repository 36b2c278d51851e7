import re

import pytest

from service.middleware.security_headers import PAGE_HEADERS, SECURITY_HEADERS
from service.pages import load_pages
from service.routes import routes


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/signup", "text/html"),
        ("/docs", "text/html"),
        ("/pages/signup.js", "text/javascript"),
        ("/pages/base.css", "text/css"),
        ("/pages/mark.svg", "image/svg+xml"),
    ],
)
async def test_a_page_brings_its_own_policy_and_keeps_the_other_headers(service, path, media_type):
    async with service.http.get(path) as response:
        assert (response.status, response.content_type, response.charset) == (200, media_type, "utf-8")
        assert {**SECURITY_HEADERS, **PAGE_HEADERS}.items() <= dict(response.headers).items()


async def test_only_the_pages_may_run_anything(service):
    for path in ("/health", "/openapi.json", "/pages/missing.js"):
        async with service.http.get(path) as response:
            assert response.headers["Content-Security-Policy"] == SECURITY_HEADERS["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["missing.js", "__init__.py", "..%2Fcatalog.yaml", "..%2F..%2Fpyproject.toml"])
async def test_nothing_but_the_pages_is_sent(service, name):
    async with service.http.get(f"/pages/{name}") as response:
        assert response.status == 404


@pytest.mark.parametrize("page", ["signup.html", "docs.html"])
def test_a_page_has_nothing_inline_and_names_only_what_is_there(page):
    pages = load_pages()
    text = pages[page].body.decode()
    assert not re.search(r"\son\w+=|\sstyle=|<style|<script(?![^>]*\bsrc=)", text)
    paths = {route.path for route in routes()}
    for target in re.findall(r'(?:src|href)="([^"]+)"', text):
        assert target.removeprefix("/pages/") in pages or target in paths, target


def test_scripts_import_only_their_neighbours_and_write_no_markup():
    pages = load_pages()
    for name, page in pages.items():
        if not name.endswith(".js"):
            continue
        text = page.body.decode()
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|localStorage|sessionStorage", text
        )
        for target in re.findall(r'from "([^"]+)"', text):
            assert target.removeprefix("./") in pages, (name, target)


def test_no_style_fetches_anything():
    styles = [page.body.decode() for name, page in load_pages().items() if name.endswith(".css")]
    assert styles
    assert not any("url(" in style or "@import" in style for style in styles)
