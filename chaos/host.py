"""The process that holds a lab open between `gameday up` and `gameday down`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from chaos import load
from chaos.errors import GameDayError
from chaos.guarding import guarded
from chaos.lab.stack import Lab, LabOptions
from chaos.order import others_than, slo_of
from chaos.progress import Progress
from chaos.receiver import Notification, build_receiver
from chaos.run_folder import RunFolder

FOLDER = Path("var/lab")
PID_FILE = "host.json"
_READY = "ready"
_RUNS = "gameday"
"""The runs' folder, beside the lab's."""


@dataclass(frozen=True)
class HostOptions:
    """A lab to hold open for at most `lifetime_seconds`; `request_rate` arrivals/s of load, none if 0."""

    slo: str
    scale: int
    request_rate: float
    seeded_rate: float
    tenants: int
    lifetime_seconds: float
    pinned_ports: dict[str, int]


async def hold(options: HostOptions, folder: RunFolder) -> None:
    """Lab up, ready file written, and down again on SIGTERM, at the end of its lifetime, or when a program dies."""
    slo, policy = slo_of(options.slo, options.scale)
    lab_options = LabOptions(
        slo=slo,
        policy=policy,
        others=others_than(slo, options.scale),
        scale=options.scale,
        request_rate=options.seeded_rate,
        lifetime_seconds=options.lifetime_seconds,
        pinned_ports=options.pinned_ports,
    )
    inbox: asyncio.Queue[Notification] = asyncio.Queue()
    lab = Lab(lab_options, folder.lab, folder.rollbacks, build_receiver(folder, inbox, folder.root.parent / _RUNS))
    try:
        await guarded(_open(lab, folder, options), lab.watch())
    finally:
        (folder.root / _READY).unlink(missing_ok=True)
        await lab.down()


async def _open(lab: Lab, folder: RunFolder, options: HostOptions) -> None:
    progress = Progress()
    await lab.up(progress)
    if options.request_rate:
        plan = load.LoadPlan(options.request_rate, options.tenants, seed=1, at_most_seconds=options.lifetime_seconds)
        await load.start(lab, folder, plan)
        progress(f"load: {options.request_rate:g} arrivals/s")
    (folder.root / _READY).touch()
    await asyncio.sleep(options.lifetime_seconds)


def write_pid(folder: Path) -> None:
    """Note which process holds the lab."""
    me = psutil.Process()
    (folder / PID_FILE).write_text(json.dumps({"pid": me.pid, "created": me.create_time()}))


def holder(folder: Path) -> psutil.Process | None:
    """The living process that holds the lab in `folder`, by pid and start time."""
    path = folder / PID_FILE
    if not path.exists():
        return None
    noted = json.loads(path.read_text())
    try:
        process = psutil.Process(noted["pid"])
        return process if process.create_time() == noted["created"] else None
    except psutil.NoSuchProcess:
        return None


def is_ready(folder: Path) -> bool:
    return (folder / _READY).exists()


def command(options: HostOptions, folder: Path) -> list[str]:
    """How to start a host."""
    return [sys.executable, "-m", "chaos.host", str(folder), json.dumps(asdict(options))]


def main() -> None:
    """`python -m chaos.host FOLDER OPTIONS`, ended by SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("options", type=lambda text: HostOptions(**json.loads(text)))
    arguments = parser.parse_args()
    write_pid(arguments.folder)
    try:
        asyncio.run(_until_terminated(arguments.options, RunFolder(arguments.folder)))
    except GameDayError as error:
        print(f"gameday: {error}", flush=True)
        sys.exit(error.exit_code)


async def _until_terminated(options: HostOptions, folder: RunFolder) -> None:
    holding = asyncio.create_task(hold(options, folder))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, holding.cancel)
    try:
        await holding
    except asyncio.CancelledError:
        print(f"lab {os.getpid()} ended", flush=True)


if __name__ == "__main__":
    main()
