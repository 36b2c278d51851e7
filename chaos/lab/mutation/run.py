"""A lab under load in which one fault after the other is injected."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chaos.lab.mutation import pages
from chaos.lab.mutation.episode import Episode, play
from chaos.lab.mutation.fault import Fault
from chaos.lab.mutation.readings import Reading, read
from chaos.lab.stack import Lab
from chaos.lab.under_load import RATE_INTERVAL, in_lab
from chaos.progress import Progress
from chaos.run_folder import RunFolder
from dashboards_as_code.model import Board
from dashboards_as_code.output import documents

LAG_SECONDS = 7.0
"""The rate interval, one export and one scrape."""
_WARM_UP_SECONDS = 30.0


@dataclass(frozen=True)
class Record:
    """What happened when, and what every panel showed meanwhile."""

    began: float
    episodes: list[Episode]
    readings: list[Reading]


async def record(faults: Sequence[Fault], boards: Sequence[Board], root: Path, progress: Progress) -> Record:
    """Bring a lab up, inject the faults, read every panel; the lab is down when this returns or raises."""

    async def act(lab: Lab, folder: RunFolder) -> Record:
        progress(f"calm for {_WARM_UP_SECONDS:g} s")
        await asyncio.sleep(_WARM_UP_SECONDS)
        began = time.time()
        episodes = [await _play(lab, folder, fault, progress) for fault in faults]
        url = lab.parts.url("prometheus")
        readings = await asyncio.to_thread(read, boards, url, began, time.time(), RATE_INTERVAL)
        progress(f"{len(readings)} panels read over {time.time() - began:.0f} s")
        drawn = await asyncio.to_thread(pages.write, documents(boards), faults, episodes, url, root / "pages")
        progress(f"{drawn} pages written to {root / 'pages'}")
        return Record(began, episodes, readings)

    return await in_lab(root, progress, act)


async def _play(lab: Lab, folder: RunFolder, fault: Fault, progress: Progress) -> Episode:
    episode = await play(lab, folder, fault)
    progress(f"{fault.name}: {episode.ended - episode.began:.0f} s")
    return episode
