"""What leaves the process, byte by byte, whatever comes in."""

import asyncio
import gzip
import time

import pytest
import pytest_asyncio

from service.middleware.security_headers import SECURITY_HEADERS, STRICT_TRANSPORT
from tests.security.server import Server, is_problem, read_answer
from tests.service.conftest import RedisServer

ORIGIN = "https://app.example.com"
pytestmark = pytest.mark.asyncio(loop_scope="module")

HOST = b"Host: billing.example.com\r\n"
PREFLIGHT = b"Access-Control-Request-Method: POST\r\n"
JSON = b"Content-Type: application/json\r\n"


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    server = RedisServer(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.kill()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(redis, tmp_path_factory):
    settings = {"PUBLIC_URL": "https://billing.example.com", "ALLOWED_ORIGINS": f"{ORIGIN},https://admin.example.com"}
    running = await Server(redis.port, tmp_path_factory.mktemp("serve"), **settings).start()
    yield running
    await running.stop()


def request(method, path, *lines, body=b""):
    length = b"Content-Length: %d\r\n" % len(body) if body else b""
    return b"%s %s HTTP/1.1\r\n%s%s%s\r\n%s" % (method, path, HOST, b"".join(lines), length, body)


ANSWERS = {
    "200": (request(b"GET", b"/billing/plans"), 200),
    "HEAD": (request(b"HEAD", b"/billing/plans"), 200),
    "page": (request(b"GET", b"/signup"), 200),
    "preflight": (request(b"OPTIONS", b"/usage/report", PREFLIGHT, b"Origin: null\r\n"), 204),
    "400 method": (b"ECHO\x01ME / HTTP/1.1\r\n\r\n", 400),
    "400 field name": (b"GET / HTTP/1.1\r\necho me: x\r\n\r\n", 400),
    "400 two lengths": (request(b"POST", b"/tenants", b"Content-Length: 1\r\nContent-Length: 2\r\n", body=b"{}"), 400),
    "400 length and chunks": (request(b"POST", b"/tenants", b"Transfer-Encoding: chunked\r\n", body=b"{}"), 400),
    "400 long line": (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", 400),
    "400 many fields": (request(b"GET", b"/", *[b"X-%d: 1\r\n" % n for n in range(200)]), 400),
    "400 HTTP/0.9": (b"GET /\r\n\r\n", 400),
    "400 HTTP/3.0": (b"GET / HTTP/3.0\r\n\r\n", 400),
    "400 TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "400 no host": (b"GET /billing/plans HTTP/1.1\r\n\r\n", 400),
    "400 two hosts": (request(b"GET", b"/billing/plans", b"Host: echo.example\r\n"), 400),
    "400 host with a path": (b"GET /billing/plans HTTP/1.1\r\nHost: echo.example/x\r\n\r\n", 400),
    "400 host with a user": (b"GET /billing/plans HTTP/1.1\r\nHost: a@echo.example\r\n\r\n", 400),
    "400 host with a space": (b"GET /billing/plans HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    "400 webhook": (request(b"POST", b"/webhooks/stripe", JSON, body=b"{}"), 400),
    "401": (request(b"POST", b"/usage/report", JSON, body=b"{}"), 401),
    "404": (request(b"GET", b"/echo-me"), 404),
    "404 asterisk": (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 404),
    "405": (request(b"DELETE", b"/health"), 405),
    "405 TRACE": (request(b"TRACE", b"/health"), 405),
    "413": (request(b"POST", b"/tenants", JSON + b"Content-Length: 999999\r\n"), 413),
    "415 gzip": (request(b"POST", b"/tenants", JSON + b"Content-Encoding: gzip\r\n", body=gzip.compress(b"{}")), 415),
    "415 text": (request(b"POST", b"/tenants", b"Content-Type: text/plain\r\n", body=b"{}"), 415),
    "417": (request(b"POST", b"/tenants", JSON + b"Expect: echo-me\r\n", body=b"{}"), 417),
    "417 nowhere": (request(b"POST", b"/nowhere", b"Expect: echo-me\r\n", body=b"{}"), 417),
    "422": (request(b"POST", b"/tenants", JSON, body=b"{}"), 422),
    "503": (request(b"GET", b"/health"), 503),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_every_answer_carries_every_header_and_nothing_of_the_request(server, name):
    asked, status = ANSWERS[name]
    answered, headers, content = await server.raw(asked)
    assert answered == status, content
    kept = {header: value for header, value in SECURITY_HEADERS.items() if name != "page" or "Policy" not in header}
    assert kept.items() <= headers.items()
    assert set(SECURITY_HEADERS) <= set(headers)
    assert headers["Strict-Transport-Security"] == STRICT_TRANSPORT
    assert headers["Vary"] == "Origin"
    assert "Server" not in headers
    assert "Access-Control-Allow-Origin" not in headers
    assert len(headers["X-Request-Id"]) == 32
    assert b"echo" not in content.lower()
    if status >= 400 and name != "503":
        assert is_problem(headers, content, status)


async def test_an_origin_is_allowed_exactly_or_not_at_all(server):
    lines = b"Origin: %s\r\nAccess-Control-Request-Method: POST\r\n"
    _, headers, _ = await server.raw(request(b"OPTIONS", b"/usage/report", lines % ORIGIN.encode()))
    assert headers["Access-Control-Allow-Origin"] == ORIGIN
    assert headers["Access-Control-Allow-Methods"] == "POST"
    assert "Access-Control-Allow-Credentials" not in headers
    foreign = [
        *("null", "*", "https://app.example.com.evil.example", "http://app.example.com", "https://APP.example.com"),
        *(f"{ORIGIN}:443", f"{ORIGIN}/", f"x{ORIGIN}", "https://app-example.com", f"{ORIGIN}, https://evil.example"),
    ]
    for origin in foreign:
        for asked in (request(b"GET", b"/billing/plans", b"Origin: %s\r\n" % origin.encode()), b"BAD\x01\r\n\r\n"):
            _, headers, _ = await server.raw(asked)
            assert not [name for name in headers if name.startswith("Access-Control-")], origin
            assert headers["Vary"] == "Origin"


BODIES = {
    "nested": b"[" * 100_000,
    "digits": b'{"value": ' + b"9" * 200_000 + b"}",
    "nested objects": b'{"a":' * 40_000,
    "names": b"{" + b",".join(b'"f%d":1' % n for n in range(20_000)) + b"}",
    "quotes": b'"' * 200_000,
    "backslashes": b'{"a":"' + b"\\" * 200_000,
    "hidden": '{"name":"a\u202eb","email":"a@example.com","plan":"pro"}'.encode(),
    "control": b'{"name":"a\\u0000b","email":"a@example.com","plan":"pro"}',
}


@pytest.mark.parametrize("name", BODIES)
async def test_a_hostile_body_is_refused_quickly(server, name):
    async with server.watched():
        for _ in range(5):
            status, headers, content = await server.raw(request(b"POST", b"/tenants", JSON, body=BODIES[name]))
            assert status in (400, 422)
            assert is_problem(headers, content, status)
            assert len(content) < 40_000


async def test_an_integer_of_900_000_digits_is_never_read_to_its_end(server):
    async with server.watched():
        status, _, _ = await server.raw(request(b"POST", b"/tenants", JSON, body=b"[" + b"9" * 900_000 + b"]"))
        assert status == 413


async def test_a_bomb_is_not_unpacked(server):
    bomb = gzip.compress(b"0" * 200_000_000, 9)[:250_000]
    async with server.watched():
        for coding in (b"gzip", b"deflate", b"br", b"zstd", b"identity"):
            lines = JSON + b"Content-Encoding: %s\r\n" % coding
            status, _, _ = await server.raw(request(b"POST", b"/tenants", lines, body=bomb))
            assert status == 415
        chunked = request(b"POST", b"/tenants", JSON + b"Transfer-Encoding: gzip, chunked\r\n")
        status, _, _ = await server.raw(chunked + b"%x\r\n%s\r\n0\r\n\r\n" % (len(bomb), bomb))
        assert status in (400, 415)


@pytest.mark.long
async def test_a_thousand_slow_connections_hold_nobody_up_and_end_in_time(server):
    """A third sends nothing, a third a head byte by byte, a third a body that never ends."""
    body = request(b"POST", b"/tenants", JSON + b"Content-Length: 100\r\n") + b"{"
    kinds = (b"", b"GET /billing/plans HTTP/1.1\r\nHost: x\r\nX-Slow: ", body)
    async with server.watched():
        opened = [await server.connect() for _ in range(1000)]
        for number, (_, writer) in enumerate(opened):
            writer.write(kinds[number % 3])
        started = time.monotonic()

        async def drip():
            while True:
                await asyncio.sleep(1)
                for _, writer in opened[1::3]:
                    writer.write(b"a")

        dripping = asyncio.create_task(drip())
        ends = await asyncio.gather(*(_end(reader) for reader, _ in opened))
        dripping.cancel()
    assert set(ends[0::3]) == {None}
    assert set(ends[1::3]) == {408}
    assert set(ends[2::3]) <= {408, 503}
    assert time.monotonic() - started < 16
    for _, writer in opened:
        writer.close()


async def _end(reader):
    """The status that a connection ends with, None where it is closed without a word."""
    async with asyncio.timeout(20):
        first = await reader.read(1)
        if not first:
            return None
        status, headers, _ = await read_answer(reader)
    assert SECURITY_HEADERS.items() <= headers.items()
    return status
