"""Clients before a service that answers badly."""

import asyncio
import json
import time

import pytest
from aiohttp import web

from chaos.lab.durability.clients import Client, Draws, session_to
from chaos.lab.durability.records import ACKNOWLEDGED, Records
from chaos.lab.durability.tenants import Tenant
from service.audit.acknowledged import read_acknowledged

TENANT = Tenant("0" * 32, "key")


class Service:
    """Answers each report as the next of `manners` says, and the last one for ever."""

    def __init__(self, *manners):
        self.reports = []
        self.url = None
        self._manners = list(manners)
        self._runner = None

    async def start(self):
        app = web.Application()
        app.router.add_post("/usage/report", self._report)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self):
        await self._runner.cleanup()

    async def _report(self, request):
        events = (await request.json())["events"]
        self.reports.append(events)
        manner = self._manners.pop(0) if len(self._manners) > 1 else self._manners[0]
        if manner == "drop":
            request.transport.close()
            return web.Response()
        if isinstance(manner, int):
            return web.json_response({"code": "no"}, status=manner)
        return web.json_response({"results": [{"event_id": one["event_id"], "status": manner} for one in events]})


@pytest.fixture
async def report(tmp_path):
    """Run one client until its first report is settled, or for `seconds`."""

    async def run(*manners, seconds=5.0):
        service, records, stopping = Service(*manners), Records(tmp_path, goal=1), asyncio.Event()
        await service.start()
        async with session_to(service.url) as session:
            client = Client(session, Draws(1, "run", time.time), records)
            task = asyncio.create_task(client.report([TENANT], 1e6, stopping))
            await asyncio.wait([asyncio.create_task(records.enough.wait())], timeout=seconds)
            stopping.set()
            await task
        await service.stop()
        records.close()
        return service, client

    return run


def _ids(path):
    return [json.loads(line)["event_id"] for line in path.read_text().splitlines()]


@pytest.mark.parametrize("trouble", ["drop", 500, 503, 429, 401])
async def test_a_report_without_an_outcome_is_sent_again_with_the_same_ids(report, trouble, tmp_path):
    service, _ = await report(trouble, trouble, "duplicate")
    assert service.reports[0] == service.reports[1] == service.reports[2]
    assert _ids(tmp_path / ACKNOWLEDGED)[: len(service.reports[0])] == [one["event_id"] for one in service.reports[0]]


@pytest.mark.parametrize("manner", ["drop", 503, "rejected", "conflict"])
async def test_nothing_else_is_an_acknowledgement(report, manner, tmp_path):
    _, client = await report(manner, seconds=0.5)
    assert _ids(tmp_path / ACKNOWLEDGED) == []
    assert bool(client.answers["conflict"]) == (manner == "conflict")


async def test_every_event_is_put_down_before_it_is_sent_and_read_by_the_audit(report, tmp_path):
    service, _ = await report("accepted")
    sent = {one["event_id"] for events in service.reports for one in events}
    assert set(_ids(tmp_path / "reported.jsonl")) == sent
    assert {entry.event_id for entry in read_acknowledged(tmp_path / ACKNOWLEDGED)} == sent


def test_events_are_unique_of_all_types_and_in_part_late():
    draws = Draws(1, "run", lambda: 1_800_000_000.0)
    events = [event for _ in range(100) for event in draws.report([TENANT])[1]]
    assert len({event.event_id for event in events}) == len(events) > 1000
    assert {event.event_type for event in events} == {"verify_events", "sign_events", "rfc3161_timestamps"}
    assert 0.4 < sum(event.timestamp.startswith("2027-01-15T08:00:00.000") for event in events) / len(events) < 0.6
