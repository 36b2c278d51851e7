"""How late the event loop is: a timer that should ring twice a second, and by how much it does not."""

import asyncio
from time import perf_counter

from service.telemetry.aggregates import Histogram

PAUSE_SECONDS = 0.5


async def watch_loop(lag: Histogram) -> None:
    """Measure until cancelled."""
    while True:
        due = perf_counter() + PAUSE_SECONDS
        await asyncio.sleep(PAUSE_SECONDS)
        lag.record(max(0.0, perf_counter() - due))
