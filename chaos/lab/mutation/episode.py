"""One fault in a running lab, with calm before it."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass

from chaos import toolkit
from chaos.errors import InvalidRun, LabError
from chaos.lab.mutation.fault import Fault
from chaos.lab.stack import Lab
from chaos.run_folder import RunFolder

CALM_SECONDS = 12.0
SETTLE_SECONDS = 8.0
"""After a fault is undone: connections come back, clients send again, rates forget."""
_LONGEST_SECONDS = 120.0


@dataclass(frozen=True)
class Episode:
    """When a fault came and went, in unix seconds."""

    fault: str
    began: float
    ended: float


async def play(lab: Lab, folder: RunFolder, fault: Fault) -> Episode:
    """Inject, hold and undo one fault; InvalidRun if its effect was not confirmed."""
    await asyncio.sleep(CALM_SECONDS)
    known = len(folder.recorded())
    folder.experiment.write_text(json.dumps({**fault.document, "controls": toolkit.CONTROLS}))
    folder.journal.unlink(missing_ok=True)
    running = await toolkit.start(lab, folder)
    if await running.wait(_LONGEST_SECONDS) is None:
        raise LabError(f"{fault.name} took longer than {_LONGEST_SECONDS:g} s; see {running.command.log}")
    events = folder.recorded()[known:]
    await asyncio.sleep(SETTLE_SECONDS)
    return _episode(fault, events)


def _episode(fault: Fault, events: list[dict[str, object]]) -> Episode:
    injected = [float(str(one["at"])) for one in events if one["kind"] == "fault_injected"]
    confirmed = [one for one in events if one["kind"] == "effect_confirmed"]
    if not (injected and confirmed):
        failed = [one.get("exception") or one.get("output") for one in events if one["kind"] == "activity_ended"]
        raise InvalidRun(f"{fault.name}: its effect was not confirmed: {failed}")
    undo = {one["name"] for one in fault.document["rollbacks"]}
    undone = (float(str(one["at"])) for one in events if one["kind"] == "activity_began" and one["name"] in undo)
    return Episode(fault.name, injected[0], next(undone, time.time()))
