import asyncio

import pytest

from service.limits.admission import (
    FIRST_LIMIT,
    HIGHEST_LIMIT,
    LOWEST_LIMIT,
    MAX_READING,
    TARGET_DELAY_SECONDS,
    URGENT_RESERVE,
    AdmissionControl,
    Priority,
)
from service.limits.triage import Triage
from service.parts import ADMISSION_CONTROL
from service.routes import routes
from service.telemetry.pipeline import create_resource, create_telemetry
from tests.service.test_http_hardening import raw


class HandClock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def control(clock):
    return AdmissionControl(create_telemetry(create_resource("test", "test"), [], []).instruments, clock)


def window(control, clock, *delays):
    for delay in delays:
        ticket = control.enter(Priority.ORDINARY, is_reading=False)
        clock.now += delay
        control.begin(ticket)
        control.leave(ticket)
    control.adjust()


def busy_window(control):
    """Nobody waits while all places are taken."""
    tickets = take_all(control)
    for ticket in tickets:
        control.begin(ticket)
        control.leave(ticket)
    control.adjust()


def take_all(control):
    tickets = []
    while (ticket := control.enter(Priority.ORDINARY, is_reading=False)) is not None:
        tickets.append(ticket)
    return tickets


def test_the_limit_falls_while_everybody_waits_and_comes_back(control, clock):
    limits = []
    for _ in range(10):
        window(control, clock, 0.05, 0.06)
        limits.append(control.limit)
    assert limits[:4] == [128, 64, 32, LOWEST_LIMIT]
    assert limits[-1] == LOWEST_LIMIT
    for _ in range(100):
        busy_window(control)
    assert control.limit == HIGHEST_LIMIT


def test_a_quiet_process_takes_a_burst_again(control, clock):
    for _ in range(10):
        window(control, clock, 0.05)
    assert control.limit == LOWEST_LIMIT
    for _ in range(50):
        control.adjust()
    assert FIRST_LIMIT <= control.limit < FIRST_LIMIT * 1.05


def test_a_limit_that_is_not_in_use_does_not_rise(control, clock):
    for _ in range(20):
        window(control, clock, TARGET_DELAY_SECONDS / 2)
        control.adjust()
    assert control.limit == FIRST_LIMIT
    working = [control.enter(Priority.ORDINARY, is_reading=False) for _ in range(FIRST_LIMIT // 2)]
    control.adjust()
    control.adjust()
    assert control.limit > FIRST_LIMIT, "those that are still at work count in each window"
    for ticket in working:
        control.leave(ticket)


def test_one_slow_moment_is_no_queue(control, clock):
    window(control, clock, 0.5, 0.0001, 0.5)
    assert control.limit == FIRST_LIMIT


def test_what_is_urgent_gets_in_last_and_slow_bodies_take_nobodys_place(control):
    tickets = take_all(control)
    assert control.is_full
    assert len(tickets) == FIRST_LIMIT
    urgent = [control.enter(Priority.URGENT, is_reading=False) for _ in range(URGENT_RESERVE + 1)]
    assert urgent[-1] is None
    assert None not in urgent[:-1]
    reading = [control.enter(Priority.ORDINARY, is_reading=True) for _ in range(MAX_READING + 1)]
    assert reading[-1] is None
    for ticket in (*tickets, *urgent[:-1]):
        control.leave(ticket)
    assert not control.is_full


def test_a_target_is_told_its_route():
    triage = Triage(route.path for route in routes())
    assert triage.route("/usage/report?x=1") == "/usage/report"
    assert triage.route(f"/tenants/{'0' * 32}/keys/{'a' * 32}") == "/tenants/{tenant_id}/keys/{key_id}"
    assert triage.route("/nowhere") == "unmatched"
    assert [triage.priority(path) for path in ("/webhooks/stripe", "/ready", "/usage/report")] == [
        Priority.URGENT,
        Priority.URGENT,
        Priority.ORDINARY,
    ]


def fill(service):
    """Take all places that there can be: of a process that is in use, and where nobody waits, the limit rises."""
    control = service.app[ADMISSION_CONTROL]
    tickets = take_all(control)
    while control.limit < HIGHEST_LIMIT:
        control.adjust()
        tickets += take_all(control)
    return control, tickets


async def test_a_full_process_refuses_at_once_and_keeps_the_connection(service):
    control, tickets = fill(service)
    one = b"POST /usage/report HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    for _ in range(3):
        writer.write(one)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        assert head.startswith("HTTP/1.1 503 Service Unavailable\r\n")
        assert "Retry-After: 1\r\n" in head
        length = int(head.split("Content-Length: ")[1].split("\r\n")[0])
        assert b'"code": "overloaded"' in await reader.readexactly(length)
    assert (await raw(service, b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n"))[0] == 200
    pipelined = await raw(service, one + one)
    assert pipelined[0] == 503
    origin = one.replace(b"Host: x", b"Host: x\r\nOrigin: null")
    assert (await raw(service, origin))[0] == 503
    for ticket in tickets:
        control.leave(ticket)
    writer.write(one)
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 401 ")
    writer.close()
    await asyncio.sleep(0.15)
    shed = {
        dict(point)["billing.overload.priority"]: found.value
        for point, found in service.points("billing.overload.shed").items()
    }
    assert shed["ordinary"] >= 5
    bad = {
        dict(point)["http.route"]: found.value
        for point, found in service.points("billing.http.requests").items()
        if dict(point)["billing.request.outcome"] == "bad"
    }
    assert bad["/usage/report"] >= 5


async def test_a_refused_head_is_answered_without_a_body(service):
    control, tickets = fill(service)
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(b"HEAD /billing/plans HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert answer.endswith(b"\r\n\r\n")
    writer.close()
    for ticket in tickets:
        control.leave(ticket)


async def test_every_place_is_given_back(service):
    control = service.app[ADMISSION_CONTROL]
    asked = b"POST /usage/report HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
    for request in (asked + b"{}", asked, b"GET / HTTP/1.1\r\n\r\n", b"BAD\r\n\r\n", asked + b"{}" + asked + b"{}"):
        _, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.write(request)
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.close()
    async with asyncio.timeout(5):
        while control._active or control._reading:
            await asyncio.sleep(0.01)
