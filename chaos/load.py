"""The load as a process of its own: Locust patches the process that imports it."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from chaos.errors import LabError
from chaos.lab.configuration import ROOT
from chaos.lab.processes import Command, Running
from chaos.lab.stack import Lab
from chaos.run_folder import RunFolder
from chaos.verdict import LoadQuality

_READY_SECONDS = 45.0
_DRAIN_SECONDS = 15.0
_LOCUSTFILE = ROOT / "loadtests" / "locustfile.py"


@dataclass(frozen=True)
class LoadPlan:
    """How much load, from which seed, and the time (seconds) after which it ends by itself."""

    arrivals_per_second: float
    tenants: int
    seed: int
    at_most_seconds: float


async def start(lab: Lab, folder: RunFolder, plan: LoadPlan) -> Running:
    """Start Locust and return once its arrivals begin; LabError if they don't."""
    locust = shutil.which("locust", path=str(Path(sys.executable).parent))
    if locust is None:
        raise LabError("the command locust is missing; run make setup")
    environment = {
        "LOAD_RATE": f"{plan.arrivals_per_second:g}",
        "LOAD_TENANTS": str(plan.tenants),
        "LOAD_SEED": str(plan.seed),
        "LOAD_OUT": str(folder.load),
    }
    options = ("--headless", "-u", "1", "--run-time", f"{round(plan.at_most_seconds)}s", "--loglevel", "WARNING")
    argv = (locust, "-f", str(_LOCUSTFILE), "-H", lab.parts.url("service"), *options)
    running = await lab.start_command(Command("load", argv, folder.root / "load.log", environment))
    end = time.monotonic() + _READY_SECONDS
    while not (folder.load / "ready").exists():
        lab.check()
        if time.monotonic() > end:
            raise LabError(f"the load did not begin within {_READY_SECONDS:g} s; see {running.command.log}")
        await asyncio.sleep(0.1)
    return running


async def finish(running: Running, folder: RunFolder) -> LoadQuality:
    """Stop arrivals, let the clients finish and resend, and read the generator's own account."""
    await running.stop(_DRAIN_SECONDS)
    summary = folder.load / "load.json"
    if not summary.exists():
        raise LabError(f"the load wrote no summary; see {running.command.log}")
    account = json.loads(await asyncio.to_thread(summary.read_text))
    return LoadQuality(account["arrivals"], account["dropped"], account["late_p99_seconds"])
