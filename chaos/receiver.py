"""The GameDay's notification receiver: where Alertmanager's webhook ends, and the moment is noted."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from chaos.exposition import Exposition
from chaos.run_folder import RunFolder


@dataclass(frozen=True)
class Notification:
    """One alert of a notification; times in unix seconds, `status` is firing or resolved."""

    received_at: float
    status: str
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: str

    @property
    def alert(self) -> str:
        return self.labels["alertname"]


def build_receiver(folder: RunFolder, inbox: asyncio.Queue[Notification], runs: Path | None = None) -> web.Application:
    """An application that notes each alert on arrival in the run's events and hands it to the responder.

    Prometheus scrapes it as well, for what the run tells of itself and of those in `runs`, by default beside it.
    """

    async def alerts(request: web.Request) -> web.Response:
        received_at = time.time()
        for notification in notifications(await request.json(), received_at):
            folder.record("notification", received_at, **_details(notification))
            inbox.put_nowait(notification)
        return web.Response()

    exposition = Exposition(folder, runs)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(text=await asyncio.to_thread(exposition.text))

    application = web.Application()
    application.router.add_get("/metrics", metrics)
    application.router.add_post("/alerts", alerts)
    return application


def notifications(payload: dict[str, Any], received_at: float) -> list[Notification]:
    """The alerts of an Alertmanager webhook payload (version 4)."""
    return [
        Notification(received_at, one["status"], one["labels"], one["annotations"], one["startsAt"])
        for one in payload["alerts"]
    ]


def _details(notification: Notification) -> dict[str, Any]:
    return {
        "status": notification.status,
        "labels": notification.labels,
        "annotations": notification.annotations,
        "starts_at": notification.starts_at,
    }
