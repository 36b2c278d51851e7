"""A lab with load for those who look at its boards: everything at a tenth of production's intervals."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from chaos import load
from chaos.guarding import guarded
from chaos.lab.stack import Lab, LabOptions
from chaos.order import others_than, slo_of
from chaos.progress import Progress
from chaos.receiver import build_receiver
from chaos.run_folder import RunFolder

SCALE = 10
RATE_INTERVAL = "5s"
"""Ten exports, as long as Grafana's own default would be at this scale."""
_RATE, _TENANTS = 40.0, 4
_LIFETIME_SECONDS = 1800.0
_SLO = "api-availability"

Result = TypeVar("Result")


async def in_lab(root: Path, progress: Progress, act: Callable[[Lab, RunFolder], Awaitable[Result]]) -> Result:
    """What `act` returns of a lab whose every objective is guarded; it is down when this returns or raises."""
    folder = RunFolder(root)
    folder.make()
    slo, policy = slo_of(_SLO, SCALE)
    options = LabOptions(slo, policy, SCALE, _RATE, _LIFETIME_SECONDS, others=others_than(slo, SCALE))
    lab = Lab(options, folder.lab, folder.rollbacks, build_receiver(folder, asyncio.Queue()))

    async def acting() -> Result:
        await lab.up(progress)
        await load.start(lab, folder, load.LoadPlan(_RATE, _TENANTS, seed=1, at_most_seconds=_LIFETIME_SECONDS))
        progress(f"load: {_RATE:g} arrivals/s")
        return await act(lab, folder)

    try:
        return await guarded(acting(), lab.watch())
    finally:
        await lab.down()
