"""The responder: paged by a notification, it looks at the service's health and carries out the runbook."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import yaml

from chaos.errors import LabError
from chaos.receiver import Notification
from chaos.run_folder import RunFolder

RUNBOOKS = Path(__file__).parent / "runbooks.yaml"
_HEALTH_SECONDS = 5.0

Restart = Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class Step:
    """Restart `program` when the health check `check` fails."""

    check: str
    program: str


def load_runbooks(path: Path = RUNBOOKS) -> dict[str, tuple[Step, ...]]:
    """The steps of each alert, by alert name."""
    document = yaml.safe_load(path.read_text())
    return {
        alert: tuple(Step(one["when_check_fails"], one["program"]) for one in steps)
        for alert, steps in document.items()
    }


class Responder:
    """Acts once, on the first page of the alert that it is on call for.

    It knows of the fault only what the page and /health tell. Pages of other objectives are somebody else's.
    """

    def __init__(self, folder: RunFolder, service_url: str, restart: Restart, alert: str) -> None:
        self._folder = folder
        self._health_url = f"{service_url}/health"
        self._restart = restart
        self._runbooks = load_runbooks()
        self._alert = alert

    async def serve(self, inbox: asyncio.Queue[Notification]) -> None:
        """Wait for a page and answer it; LabError if its runbook has no step for what is wrong."""
        while True:
            notification = await inbox.get()
            if self._is_for_us(notification):
                await self._answer(notification)
                return

    def _is_for_us(self, notification: Notification) -> bool:
        is_page = notification.status == "firing" and notification.labels.get("severity") == "page"
        return is_page and notification.alert == self._alert

    async def _answer(self, page: Notification) -> None:
        self._folder.record("responder_paged", alert=page.alert)
        failing = await self._failing_checks()
        step = next((one for one in self._runbooks.get(page.alert, ()) if one.check in failing), None)
        if step is None:
            self._folder.record("runbook_without_answer", alert=page.alert, failing=sorted(failing))
            return
        self._folder.record("runbook_started", alert=page.alert, failing=sorted(failing), restart=step.program)
        await self._restart(step.program)
        self._folder.record("mitigated", action="restart", program=step.program)

    async def _failing_checks(self) -> set[str]:
        timeout = aiohttp.ClientTimeout(total=_HEALTH_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            try:
                async with session.get(self._health_url) as response:
                    checks: dict[str, bool] = (await response.json())["checks"]
            except (aiohttp.ClientError, TimeoutError) as error:
                raise LabError(f"the service gave the responder no health document: {error!r}") from error
        return {name for name, passed in checks.items() if not passed}
