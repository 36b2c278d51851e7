"""What has to run, or to be closed, with the application."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

from service.ledger.request_counts import RequestCounts, flush, flush_regularly
from service.limits.admission import WINDOW_SECONDS, AdmissionControl
from service.telemetry.loop_lag import watch_loop
from service.telemetry.pipeline import Telemetry

CleanupContext = Callable[[web.Application], AsyncIterator[None]]


def closing(close: Callable[[], Awaitable[None]]) -> CleanupContext:
    """Close something at the end."""

    async def context(_: web.Application) -> AsyncIterator[None]:
        yield
        await close()

    return context


def watching(telemetry: Telemetry) -> CleanupContext:
    """Measure how late the event loop is."""

    async def context(_: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(watch_loop(telemetry.instruments.loop_lag))
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    return context


def flushing(requests: RequestCounts) -> CleanupContext:
    """Write counted requests to the ledger now and then, and once more at the end."""

    async def context(_: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(flush_regularly(requests))
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await flush(requests)

    return context


def adjusting(admission: AdmissionControl) -> CleanupContext:
    """Let the admission control learn from what it saw, window by window."""

    async def adjust_regularly() -> None:
        while True:
            await asyncio.sleep(WINDOW_SECONDS)
            admission.adjust()

    async def context(_: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(adjust_regularly())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        admission.adjust()

    return context
