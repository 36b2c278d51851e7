"""Stripe's answers are no more trusted than a client's requests: what is unsound ends as "not available", in time."""

import asyncio
import tracemalloc

import pytest
from aiohttp import web

from service.errors import PaymentsUnavailableError

JSON = "application/json"
ANSWERS = {
    "no JSON": (200, JSON, b"<html>welcome to the hotel</html>"),
    "cut off": (200, JSON, b'{"id": "cus_1", "object": "cust'),
    "empty": (200, JSON, b""),
    "a list": (200, JSON, b"[1, 2, 3]"),
    "null": (200, JSON, b"null"),
    "a number": (200, JSON, b"7"),
    "nothing of Stripe's": (200, JSON, b'{"name": "x"}'),
    "not UTF-8": (200, JSON, b"\xff\xfe{}"),
    "100,000 deep": (200, JSON, b"[" * 100_000),
    "a digit string": (200, JSON, b'{"id": ' + b"9" * 900_000 + b"}"),
    "16 MB": (200, JSON, b'{"id": "cus_1", "object": "customer", "name": "' + b"x" * 2**24 + b'"}'),
    "an error page": (502, "text/html", b"<html>" + b"x" * 100_000),
    "an error without a body": (500, JSON, b""),
    "an error that is none": (400, JSON, b'{"error": "no"}'),
    "another server's error": (502, JSON, b'{"status": 502, "error": "Bad Gateway"}'),
    "an error that is null": (503, JSON, b'{"error": null}'),
    "an error of 16 MB": (500, JSON, b'{"error": {"message": "' + b"x" * 2**24 + b'"}}'),
}


def create(gateway):
    return gateway.create_customer("0" * 32, "Example", "billing@example.com", "key")


def send(gateway):
    """A worker that hears of a refusal gives the usage up, so an unsound answer must never be one."""
    return gateway.send_meter_event("c2pa_sign_events", "cus_1", 7, "identifier", 1_700_000_000)


@pytest.mark.parametrize("ask", [create, send])
@pytest.mark.parametrize("kind", ANSWERS)
async def test_an_unsound_answer_is_no_answer(gateway, front, kind, ask):
    status, media_type, body = ANSWERS[kind]

    async def unsound(_):
        return web.Response(status=status, body=body, content_type=media_type)

    front.faults += [unsound] * 10
    tracemalloc.start()
    try:
        async with asyncio.timeout(5):
            with pytest.raises(PaymentsUnavailableError):
                await ask(gateway)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 * 1024 * 1024


async def test_a_redirect_is_not_followed(gateway, front):
    async def redirect(_):
        return web.Response(status=302, headers={"Location": f"{front.url}/v1/elsewhere"})

    front.faults += [redirect] * 10
    with pytest.raises(PaymentsUnavailableError):
        await create(gateway)
    assert {request.path for request in front.requests} == {"/v1/customers"}
