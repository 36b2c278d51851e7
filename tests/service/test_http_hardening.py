import asyncio
import gzip
import json

import pytest

from service import runner
from service.api import body
from service.middleware.security_headers import SECURITY_HEADERS


async def raw(service, request, read_all=True):
    """Send bytes as they are; return the status and the head of the answer as a dictionary, and its body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(request)
    async with asyncio.timeout(5):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        content = await reader.readexactly(int(headers["Content-Length"])) if read_all else b""
    writer.close()
    return int(head[0].split()[1]), headers, content


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        (b"GET /echo-me HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"DELETE /health HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"ECHO\x01ME / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\necho me: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: echo-me\r\n\r\n", 400),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", 400),
        (b"POST /usage/report HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 401),
        (b"POST /tenants HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\nContent-Type: application/json\r\n\r\n", 413),
    ],
)
async def test_every_answer_is_dressed_and_none_echoes(service, request_bytes, status):
    answered, headers, content = await raw(service, request_bytes)
    assert answered == status
    assert SECURITY_HEADERS.items() <= headers.items()
    assert "Server" not in headers
    assert len(headers["X-Request-Id"]) == 32
    assert b"echo" not in content.lower()
    if status >= 400:
        assert headers["Content-Type"] == "application/problem+json"
        assert json.loads(content)["status"] == status


async def test_the_time_for_a_head_begins_with_its_first_byte(service, monkeypatch):
    monkeypatch.setattr(runner, "HEADER_TIMEOUT_SECONDS", 0.4)
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    await asyncio.sleep(0.3)
    writer.write(b"GET /health HTTP/1.1\r\n")
    await asyncio.sleep(0.2)  # longer than what was left for the first byte, and less than a head may take
    writer.write(b"Host: x\r\n\r\n")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    writer.write(b"GET /health HTTP/1.1\r\n")
    assert b"HTTP/1.1 408 " in await reader.read()
    writer.close()


async def test_an_unforeseen_error_is_an_opaque_500(service, monkeypatch):
    async def crash(*_):
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("service.ledger.admission.KeyGate.admit", crash)
    key = "c2pa_1795414724_0e5a465f156675262a80b0c8a90b140b_2fc7gRcQa0x3fjQ4uBSolgeRmSHrRCBHYLfv3JXTHBw4Dbs58"
    request = f"GET /tenants/{'0' * 32} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n".encode()
    status, headers, content = await raw(service, request)
    assert status == 500
    assert SECURITY_HEADERS.items() <= headers.items()
    assert json.loads(content)["code"] == "internal_error"
    assert b"secret" not in content


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"[" * 100_000, {}, 400),
        (b"[" + b"9" * 5000 + b"]", {}, 400),
        (b'{"events": NaN}', {}, 400),
        (b'{"events": [], "events": []}', {}, 400),
        (b'{"events": "\\ud800"}', {}, 400),
        (b"\xff\xfe", {}, 400),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (gzip.compress(b"{}", mtime=0), {"Content-Encoding": "gzip"}, 415),
        (b"not gzip", {"Content-Encoding": "gzip"}, 415),
        (b" " * (body.MAX_BODY_BYTES + 1), {}, 413),
    ],
)
async def test_a_bad_body_is_the_clients_fault(service, content, headers, status):
    _, key = await service.tenant()
    headers = {"Content-Type": "application/json", **key, **headers}
    async with service.http.post("/usage/report", data=content, headers=headers) as response:
        assert response.status == status, await response.text()
        assert response.content_type == "application/problem+json"


@pytest.mark.parametrize("chunks", [b"zz\r\n", b"2\r\n{}XX\r\n", b"-1\r\n"])
async def test_broken_chunks_are_the_clients_fault(service, chunks):
    head = b"POST /tenants HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    status, headers, _ = await raw(service, head + chunks)
    assert status == 400
    assert "Server" not in headers


async def test_a_chunked_body_cannot_grow_past_the_limit(service):
    head = b"POST /tenants HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    status, _, _ = await raw(service, head + chunk * 5 + b"0\r\n\r\n")
    assert status == 413


async def test_a_body_that_never_arrives_is_given_up(service, monkeypatch):
    monkeypatch.setattr(body, "BODY_TIMEOUT_SECONDS", 0.1)
    head = b"POST /tenants HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{"
    status, _, content = await raw(service, head)
    assert (status, json.loads(content)["code"]) == (408, "body_timeout")
