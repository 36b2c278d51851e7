"""A plain request ends exactly where aiohttp's parser says that it ends; everything else is left to the parser."""

import asyncio

import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_parser import HttpRequestParser

from service.limits.plain_request import MAX_PLAIN_BYTES, PlainRequest, plain_request
from tests.service.test_admission_control import fill
from tests.service.test_http_hardening import raw

POST = b"POST /usage/report?x=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
GET = b"GET /billing/plans HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n"
NOT_PLAIN = {
    "cut head": POST[:30],
    "cut body": POST[:-1],
    "more than one": GET + GET,
    "byte too many": POST + b"x",
    "two lengths": POST.replace(b"Host: x", b"Content-Length: 2"),
    "length twice in one": POST.replace(b": 2\r", b": 2, 2\r"),
    "signed length": POST.replace(b": 2\r", b": +2\r"),
    "length with a zero": POST.replace(b": 2\r", b": 02\r"),
    "length without a space": POST.replace(b": 2\r", b":2\r"),
    "length with a space behind": POST.replace(b": 2\r", b": 2 \r"),
    "space before the colon": POST.replace(b"Content-Length:", b"Content-Length :"),
    "chunked": POST.replace(b"Host: x", b"transfer-Encoding: chunked"),
    "folded": POST.replace(b"Host: x", b"Host: x\r\n y"),
    "bare newline": POST.replace(b"Host: x\r\n", b"Host: x\n"),
    "from a page": GET.replace(b"Accept: */*", b"ORIGIN: https://x"),
    "close": GET.replace(b"Accept: */*", b"Connection: close"),
    "expects": POST.replace(b"Host: x", b"Expect: 100-continue"),
    "upgrade": GET.replace(b"Accept: */*", b"Upgrade: websocket"),
    "old": GET.replace(b"HTTP/1.1", b"HTTP/1.0"),
    "other method": GET.replace(b"GET", b"CONNECT"),
    "absolute": GET.replace(b" /billing", b" http://x/billing"),
    "not ASCII": GET.replace(b"*/*", b"\xe9"),
    "too long": GET.replace(b"*/*", b"x" * MAX_PLAIN_BYTES),
    "nothing": b"",
}


@pytest.mark.parametrize("data", NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_what_is_unusual_is_left_to_the_parser(data):
    assert plain_request(data) is None


@pytest.mark.parametrize(
    ("data", "expected"),
    [(POST, PlainRequest("POST", "/usage/report?x=1")), (GET, PlainRequest("GET", "/billing/plans"))],
)
async def test_the_parser_finds_the_same_whole_request(data, expected):
    loop = asyncio.get_running_loop()
    parser = HttpRequestParser(BaseProtocol(loop), loop, 2**16)
    assert plain_request(data) == expected
    for _ in range(2):
        ((message, payload),), upgraded, tail = parser.feed_data(data)
        assert (message.method, message.path) == (expected.method, expected.target)
        assert (payload.is_eof(), upgraded, tail) == (True, False, b"")
        parser.message_consumed()


async def test_what_looks_like_a_request_may_be_the_rest_of_another(service):
    """The second piece is the value of a field of a HEAD, which is answered without a body."""
    control, tickets = fill(service)
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(b"HEAD /billing/plans HTTP/1.1\r\nX-Note: ")
    await asyncio.sleep(0.05)
    writer.write(GET)
    await asyncio.sleep(0.05)
    writer.write_eof()
    answers = await reader.read()
    assert answers.startswith(b"HTTP/1.1 503 ")
    assert answers.endswith(b"\r\n\r\n")
    writer.close()
    assert (await raw(service, GET))[0] == 503
    for ticket in tickets:
        control.leave(ticket)
