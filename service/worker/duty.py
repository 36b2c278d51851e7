"""Work that is done again and again until the process is told to stop."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from service.errors import ServiceError
from service.telemetry.logs import log_event

STOP_SECONDS = 6.0
"""What is under way may go on for so long after the process was told to stop; what is cut off is done again later."""
_FAILURE_PAUSE_SECONDS = 1.0

_log = logging.getLogger(__name__)


class Duty(Protocol):
    """`pause_seconds` pass between two rounds, unless the first says that there is more to do at once."""

    name: str
    pause_seconds: float

    async def once(self) -> bool:
        """Do one round; True if there is more to do. A ServiceError is worth another try."""
        ...


async def fulfil(duties: Sequence[Duty], stopping: asyncio.Event) -> None:
    """Fulfil all the duties side by side until `stopping` is set; an unforeseen error of one ends them all."""
    tasks = [asyncio.create_task(_repeat(duty, stopping), name=duty.name) for duty in duties]
    waiting = asyncio.create_task(stopping.wait())
    await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    stopping.set()
    _, late = await asyncio.wait([waiting, *tasks], timeout=STOP_SECONDS)
    for task in late:
        task.cancel()
    await asyncio.wait([waiting, *tasks])
    for task in tasks:
        if not task.cancelled():
            task.result()


async def _repeat(duty: Duty, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        try:
            has_more = await duty.once()
        except ServiceError as error:
            _report(duty, error)
            await _pause(stopping, max(duty.pause_seconds, _FAILURE_PAUSE_SECONDS))
            continue
        if not has_more:
            await _pause(stopping, duty.pause_seconds)


async def _pause(stopping: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        return


def _report(duty: Duty, error: ServiceError) -> None:
    attributes = {"billing.duty": duty.name, "error.type": type(error).__name__, "error.cause": repr(error.__cause__)}
    log_event(_log, logging.WARNING, "duty.failed", str(error), attributes)
