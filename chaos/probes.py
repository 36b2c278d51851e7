"""Chaos Toolkit probes: each answers True or False, never a number, and takes a bounded time.

Chaos Toolkit ends with `completed` whatever a method's probe answers, and dies of a NaN; so the answers are plain
booleans, what was seen goes into the run's events, and the verdict is made from those.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

import psutil
import redis.exceptions
import requests

from chaos.calm import active_alerts, is_calm
from chaos.lab.readiness import redis_client
from chaos.lab.state import LabState, read_state
from chaos.load_log import first_of_good, read_requests
from chaos.plan import Plan
from chaos.run_folder import RunFolder

_PACE_SECONDS = 0.1
_HTTP_SECONDS = 3.0
_STOP_SECONDS, _STOP_PACE_SECONDS = 1.0, 0.001


def service_is_healthy() -> bool:
    """Every check in the service's health document passes."""
    folder, lab = _lab()
    answer = requests.get(f"{lab.urls['service']}/health", timeout=_HTTP_SECONDS)
    checks = answer.json()["checks"]
    folder.record("health", status=answer.status_code, checks=checks)
    return answer.status_code == 200 and all(checks.values())


def requests_succeed(seconds: float, at_least: int) -> bool:
    """The load of the last `seconds` finished at least so many requests, and none of them failed."""
    folder, _ = _lab()
    recent = [one for one in read_requests(folder.load) if one.ended >= time.time() - seconds]
    failed = sum(not one.ok for one in recent)
    folder.record("recent_requests", seen=len(recent), failed=failed)
    return len(recent) >= at_least and failed == 0


def no_alert_fires() -> bool:
    """Prometheus knows of no alert that is pending or firing, but for tickets that the contract declares."""
    folder, lab = _lab()
    alerts = active_alerts(lab.urls["prometheus"])
    folder.record("alerts", active=alerts)
    return is_calm(alerts, Plan.read(folder.plan).also)


def redis_is_silent(seconds: float) -> bool:
    """Redis leaves a PING, sent straight to it, without an answer for `seconds`.

    The effect is dated to the sending of that PING: from then on it is known that there was no answer.
    """
    folder, lab = _lab()
    sent = time.time()
    silent = not asyncio.run(_redis_answers(lab, seconds))
    if silent:
        folder.record("effect_confirmed", sent, error_bar_seconds=seconds, probe="redis_is_silent")
    return silent


def program_is_stopped(program: str) -> bool:
    """The operating system says within a second that a program of the lab is stopped.

    A stopped program is one whose threads were all told, each when it was next to run: on a busy machine that takes
    longer than sending the signal.
    """
    folder, lab = _lab()
    process, end = psutil.Process(lab.program(program).pid), time.monotonic() + _STOP_SECONDS
    while process.status() != psutil.STATUS_STOPPED:
        if time.monotonic() > end:
            return False
        time.sleep(_STOP_PACE_SECONDS)
    folder.record("effect_confirmed", error_bar_seconds=_STOP_PACE_SECONDS, probe="program_is_stopped")
    return True


def page_arrives() -> bool:
    """The notification of the expected alert reached the receiver before the plan's deadline."""
    folder, _ = _lab()
    if not folder.recorded("effect_confirmed"):
        return False
    plan = Plan.read(folder.plan)
    return _until(plan.page_seconds, lambda: _notified(folder, plan, "firing"))


def mitigation_is_done() -> bool:
    """The responder has carried out the runbook action."""
    folder, _ = _lab()
    plan = Plan.read(folder.plan)
    if not _notified(folder, plan, "firing"):
        return False
    return _until(plan.mitigation_seconds, lambda: bool(folder.recorded("mitigated")))


def service_recovers() -> bool:
    """As many requests in a row as the contract asks for were answered well after the mitigation."""
    folder, _ = _lab()
    plan, mitigated = Plan.read(folder.plan), folder.recorded("mitigated")
    if not mitigated:
        return False
    after = mitigated[0]["at"]
    good = plan.good_requests
    return _until(plan.recovery_seconds, lambda: first_of_good(read_requests(folder.load), after, good) is not None)


def page_resolves() -> bool:
    """The receiver was told that the expected alert is over, and the pages that came with it are over as well."""
    folder, lab = _lab()
    plan = Plan.read(folder.plan)
    if not _notified(folder, plan, "firing"):
        return False
    return _until(
        plan.resolve_seconds,
        lambda: _notified(folder, plan, "resolved") and not _paging(active_alerts(lab.urls["prometheus"]), plan.also),
    )


def _paging(alerts: list[dict[str, str]], names: Sequence[str]) -> list[str]:
    return [one["alertname"] for one in alerts if one["alertname"] in names and one.get("severity") == "page"]


def _lab() -> tuple[RunFolder, LabState]:
    folder = RunFolder.from_environment()
    return folder, read_state(folder.lab)


def _notified(folder: RunFolder, plan: Plan, status: str) -> bool:
    wanted = {"alertname": plan.alert, "severity": plan.severity, "long_window": plan.long_window}
    events: list[dict[str, Any]] = folder.recorded("notification")
    return any(one["status"] == status and wanted.items() <= one["labels"].items() for one in events)


def _until(seconds: float, happened: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            return False
        time.sleep(_PACE_SECONDS)
    return True


async def _redis_answers(lab: LabState, seconds: float) -> bool:
    client = redis_client(lab.ports["redis"], lab.redis_password, seconds)
    try:
        return bool(await asyncio.wait_for(client.ping(), seconds))
    except (redis.exceptions.TimeoutError, TimeoutError):
        return False
    finally:
        await client.aclose()
