import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from chaos.receiver import Notification
from chaos.responder import RUNBOOKS, Responder, load_runbooks
from chaos.run_folder import RunFolder

ALERT = "ApiAvailabilityErrorBudgetBurn"


@pytest.fixture
def checks() -> dict[str, bool]:
    return {"database": True, "redis": True, "stripe": True, "storage": True}


@pytest.fixture
async def service(checks: dict[str, bool]) -> AsyncIterator[str]:
    async def health(_: web.Request) -> web.Response:
        return web.json_response({"checks": checks}, status=200 if all(checks.values()) else 503)

    application = web.Application()
    application.router.add_get("/health", health)
    async with TestServer(application) as server:
        yield str(server.make_url("")).rstrip("/")


def notification(status: str = "firing", severity: str = "page", alert: str = ALERT) -> Notification:
    return Notification(1.0, status, {"alertname": alert, "severity": severity}, {}, "")


async def answered(folder: RunFolder, service: str, *sent: Notification) -> list[str]:
    restarted: list[str] = []

    async def restart(name: str) -> None:
        restarted.append(name)

    inbox: asyncio.Queue[Notification] = asyncio.Queue()
    for one in sent:
        inbox.put_nowait(one)
    await asyncio.wait_for(Responder(folder, service, restart, ALERT).serve(inbox), 5)
    return restarted


@pytest.mark.parametrize("check", ["redis", "stripe"])
async def test_the_failing_check_decides_what_is_restarted(
    tmp_path: Path, service: str, checks: dict[str, bool], check: str
) -> None:
    checks[check] = False
    folder = RunFolder(tmp_path)
    assert await answered(folder, service, notification()) == [check]
    assert [one["kind"] for one in folder.recorded()] == ["responder_paged", "runbook_started", "mitigated"]


async def test_tickets_resolved_pages_and_pages_of_others_wake_nobody(
    tmp_path: Path, service: str, checks: dict[str, bool]
) -> None:
    checks["redis"] = False
    sent = (notification("resolved"), notification(severity="ticket"), notification(alert="Other"), notification())
    assert await answered(RunFolder(tmp_path), service, *sent) == ["redis"]
    assert len(RunFolder(tmp_path).recorded("responder_paged")) == 1


async def test_a_page_whose_cause_the_runbook_does_not_know_is_not_mitigated(tmp_path: Path, service: str) -> None:
    folder = RunFolder(tmp_path)
    assert await answered(folder, service, notification()) == []
    assert folder.recorded("runbook_without_answer")
    assert not folder.recorded("mitigated")


def test_every_runbook_belongs_to_an_alert_that_exists() -> None:
    rules = Path("slo/generated/api-availability.rules.yaml").read_text()
    assert load_runbooks(RUNBOOKS)
    assert all(f"alert: {alert}" in rules for alert in load_runbooks(RUNBOOKS))
