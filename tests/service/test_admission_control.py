import asyncio

import pytest

from service.limits import admission
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
        ticket = control.enter(Priority.ORDINARY)
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
    while (ticket := control.enter(Priority.ORDINARY)) is not None:
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
    for _ in range(60):  # six seconds
        control.adjust()
    assert FIRST_LIMIT <= control.limit < FIRST_LIMIT * 1.05


def test_a_limit_that_is_not_in_use_does_not_rise(control, clock):
    for _ in range(20):
        window(control, clock, TARGET_DELAY_SECONDS / 2)
        control.adjust()
    assert control.limit == FIRST_LIMIT
    working = [control.enter(Priority.ORDINARY) for _ in range(FIRST_LIMIT // 2)]
    control.adjust()
    control.adjust()
    assert control.limit > FIRST_LIMIT, "those that are still at work count in each window"
    for ticket in working:
        control.leave(ticket)


def test_one_slow_moment_is_no_queue(control, clock):
    window(control, clock, 0.5, 0.0001, 0.5)
    assert control.limit == FIRST_LIMIT


def test_what_is_urgent_gets_in_last(control):
    tickets = take_all(control)
    assert not control.has_room(Priority.ORDINARY)
    assert len(tickets) == FIRST_LIMIT
    urgent = [control.enter(Priority.URGENT) for _ in range(URGENT_RESERVE + 1)]
    assert urgent[-1] is None
    assert None not in urgent[:-1]
    assert control.enter_reading(Priority.URGENT, lambda: None) is None
    for ticket in (*tickets, *urgent[:-1]):
        control.leave(ticket)
        control.leave(ticket)
    assert len(take_all(control)) == FIRST_LIMIT, "a ticket that is given back twice is one place"


def test_slow_bodies_take_nobodys_place_and_the_slowest_ends_for_the_next(control):
    ended = []
    reading = [control.enter_reading(Priority.ORDINARY, lambda i=i: ended.append(i)) for i in range(MAX_READING)]
    webhook = control.enter_reading(Priority.URGENT, lambda: ended.append("webhook"))
    assert ended == []
    control.has_read(reading[0])
    one_more = [control.enter_reading(Priority.ORDINARY, lambda: None) for _ in range(3)]
    assert ended == [1, 2], "the first is at work, and what is urgent has places of its own"
    control.has_read(reading[1])
    assert len(take_all(control)) == FIRST_LIMIT - 1, "whoever was ended does not begin to work"
    assert control.enter_reading(Priority.ORDINARY, lambda: None) is None, "nobody is let in to read for no place"
    for ticket in (*reading, *one_more):
        control.has_read(ticket)
        control.leave(ticket)
    control.has_read(reading[5])
    control.leave(webhook)
    assert len(take_all(control)) == 1, "what is over does not begin to work either"


def test_a_target_is_told_its_route():
    triage = Triage(route.path for route in routes())
    assert triage.route("/usage/report?x=1") == "/usage/report"
    assert triage.route(f"/tenants/{'0' * 32}/keys/{'a' * 32}") == "/tenants/{tenant_id}/keys/{key_id}"
    assert triage.route("/nowhere") == "unmatched"
    assert triage.route("/pages/signup.css?v=1") == "/pages/{file}"
    assert triage.route("/billing/usage-tiers/sign_events") == "/billing/usage-tiers/{event_type}"
    assert triage.route("/usage/report/more") == "unmatched"
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


def ordinary_shed(service):
    points = service.points("billing.overload.shed").items()
    return sum(found.value for point, found in points if dict(point)["billing.overload.priority"] == "ordinary")


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
    async with asyncio.timeout(5):
        while ordinary_shed(service) < 5:  # told with the window's end
            await asyncio.sleep(0.01)
    bad = {
        dict(point)["http.route"]: found.value
        for point, found in service.points("billing.http.requests").items()
        if dict(point)["billing.request.outcome"] == "bad"
    }
    assert bad["/usage/report"] >= 5


async def test_who_is_judged_late_says_nothing_of_how_long_requests_wait(service, monkeypatch):
    """Else one pipelined request in each window would hide that all others wait."""
    control, begun = service.app[ADMISSION_CONTROL], []
    begin = control.begin
    monkeypatch.setattr(control, "begin", lambda ticket: (begun.append(ticket), begin(ticket)))
    ready = b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(ready * 3)
    for _ in range(3):
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0]))
    assert begun == []
    writer.write(ready)
    await reader.readuntil(b"\r\n\r\n")
    assert len(begun) == 1
    writer.close()


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
        while control._active or any(control._reading.values()):
            await asyncio.sleep(0.01)


POST = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"


async def connected(service, first):
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(first)
    await writer.drain()
    return reader, writer


async def test_slow_webhooks_shut_out_no_webhook_and_nobody_else(service, monkeypatch):
    monkeypatch.setattr(admission, "MAX_READING", 8)
    control = service.app[ADMISSION_CONTROL]
    slow = [await connected(service, POST % b"/webhooks/stripe") for _ in range(8)]
    async with asyncio.timeout(5):
        while len(control._reading[Priority.URGENT]) < 8:
            await asyncio.sleep(0.01)
    late, late_writer = await connected(service, POST % b"/webhooks/stripe")
    assert (await slow[0][0].read()).startswith(b"HTTP/1.1 503 "), "the slowest is told so, and closed"
    late_writer.write(b"{}")
    assert (await late.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 400 "), "judged: it has no signature"
    report, report_writer = await connected(service, POST % b"/usage/report")
    report_writer.write(b"{}")
    assert (await report.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 401 ")
    for _, writer in (*slow, (late, late_writer), (report, report_writer)):
        writer.close()


async def test_a_request_in_two_parts_takes_a_place_once_its_body_is_there(service, monkeypatch):
    control, at_work, proceed = service.app[ADMISSION_CONTROL], asyncio.Event(), asyncio.Event()

    async def held(*_):
        at_work.set()
        await proceed.wait()
        return {}

    monkeypatch.setattr("service.api.webhooks.read_bytes", held, raising=False)
    _, writer = await connected(service, POST % b"/webhooks/stripe")
    async with asyncio.timeout(5):
        await at_work.wait()
    assert (control._active, len(control._reading[Priority.URGENT])) == (0, 1)
    writer.write(b"{}")
    async with asyncio.timeout(5):
        while control._active != 1:
            await asyncio.sleep(0.01)
    assert not control._reading[Priority.URGENT]
    proceed.set()
    async with asyncio.timeout(5):
        while control._active:
            await asyncio.sleep(0.01)
    writer.close()


async def test_refusals_do_not_pile_up_for_a_client_that_reads_none(service, monkeypatch):
    control, tickets = fill(service)
    refused = []
    monkeypatch.setattr(control, "shed", lambda *about: refused.append(about))
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    (connection,) = service.runner.server.connections
    connection.pause_writing()  # as the transport does above its mark
    for waiting in range(5):
        writer.write(b"GET /billing/plans HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(5):
            while len(refused) + len(connection._messages) <= waiting:
                await asyncio.sleep(0.01)
    assert len(refused) == 1, "the next answer waits until the one before is taken"
    connection.resume_writing()
    async with asyncio.timeout(5):
        for _ in range(5):
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 503 ")
            await reader.readexactly(int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0]))
    writer.close()
    for ticket in tickets:
        control.leave(ticket)
