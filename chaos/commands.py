"""What the sub-commands of `gameday` do; each returns its exit code."""

from __future__ import annotations

import argparse
import asyncio
import math
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Coroutine, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil

from chaos import falsification, host, result, runner
from chaos.errors import GameDayError, LabError, UserMistake
from chaos.experiment import available, load_experiment
from chaos.lab.parts import PORT_NAMES
from chaos.lab.processes import last_line
from chaos.lab.state import read_state
from chaos.order import Order, order_of, slo_of
from chaos.progress import Progress
from chaos.report.write import write_report
from chaos.run_folder import RunFolder

_UP_SECONDS = 120.0
_DOWN_SECONDS = 30.0
_LAB_SLO = "api-availability"
_SEEDED_RATE = 40.0
_LAB_TENANTS = 4


def run(arguments: argparse.Namespace) -> int:
    """Run one experiment; the exit code is its verdict's."""
    ports = _pinned(arguments.port)
    order = order_of(arguments.experiment, arguments.scale, _seed(arguments), ports, arguments.rules)
    folder = RunFolder.create(arguments.out, order.experiment.name)
    try:
        return asyncio.run(_interruptible(_run(order, folder)))
    except GameDayError as error:
        _write_broken(folder, order, str(error))
        raise
    except asyncio.CancelledError as error:
        _write_broken(folder, order, "interrupted")
        raise LabError("interrupted; the lab was taken down") from error


async def _run(order: Order, folder: RunFolder) -> int:
    progress = Progress()
    progress(f"{order.experiment.title} (scaled k={order.scale}, seed {order.seed}); results in {folder.root}")
    measurement = await runner.play(order, folder, progress)
    page = write_report(folder, measurement, result.write_result(folder, measurement))
    print("\n".join(result.summary_of(measurement, str(page))))
    return measurement.verdict.exit_code


def falsify(arguments: argparse.Namespace) -> int:
    """Spoil the GameDay in three ways; 0 if each is noticed."""
    order = order_of(arguments.experiment, arguments.scale, _seed(arguments), {}, None)
    found = falsification.falsify(order, arguments.experiment, arguments.out.absolute(), Progress())
    print(" ".join(f"{name}={value}" for name, value in asdict(found).items()))
    return 0 if found.holds else 1


def up(arguments: argparse.Namespace) -> int:
    """Start a host for the lab, wait until all of it answers, print every URL."""
    folder = host.FOLDER.absolute()
    if host.holder(folder):
        raise UserMistake(f"a lab is running already, its files are in {folder}; end it with gameday down")
    options = _host_options(arguments)
    shutil.rmtree(folder, ignore_errors=True)
    RunFolder(folder).make()
    log = folder / "host.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            host.command(options, folder), stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        _await_ready(process, folder, log)
    except KeyboardInterrupt:
        process.terminate()  # it takes its lab down
        process.wait()
        raise
    for name, url in sorted(read_state(folder / "lab").urls.items()):
        print(f"{name:18} {url}")
    print(f"{'files':18} {folder}\nend it with: gameday down")
    return 0


def down(_: argparse.Namespace) -> int:
    """End the lab that `up` started; nothing to do if none runs."""
    process = host.holder(host.FOLDER)
    if process is None:
        print("no lab is running")
        return 0
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_DOWN_SECONDS)
    except psutil.TimeoutExpired:
        process.kill()  # its watchdog ends what it leaves behind
    print("the lab is down")
    return 0


def list_experiments(_: argparse.Namespace) -> int:
    """Print the experiments with their titles."""
    for name in available():
        print(f"{name:18} {load_experiment(name).title}")
    return 0


def report(arguments: argparse.Namespace) -> int:
    """Print the Markdown report of a run."""
    path = arguments.run / "report.md"
    if not path.is_file():
        raise UserMistake(f"{path} is not there; expected the folder of a finished run, such as var/gameday/latest")
    print(path.read_text(), end="")
    return 0


def _seed(arguments: argparse.Namespace) -> int:
    return secrets.randbits(32) if arguments.seed is None else int(arguments.seed)


def _host_options(arguments: argparse.Namespace) -> host.HostOptions:
    if not (math.isfinite(arguments.load) and arguments.load >= 0):
        raise UserMistake(f"--load {arguments.load:g}: expected arrivals/s, 0 or more")
    if not (math.isfinite(arguments.hours) and arguments.hours > 0):
        raise UserMistake(f"--hours {arguments.hours:g}: expected a number above 0")
    slo_of(_LAB_SLO, arguments.scale)
    return host.HostOptions(
        slo=_LAB_SLO,
        scale=arguments.scale,
        request_rate=arguments.load,
        seeded_rate=arguments.load or _SEEDED_RATE,
        tenants=_LAB_TENANTS,
        lifetime_seconds=arguments.hours * 3600,
        pinned_ports=_pinned(arguments.port),
    )


def _await_ready(process: subprocess.Popen[bytes], folder: Path, log: Path) -> None:
    end = time.monotonic() + _UP_SECONDS
    while not host.is_ready(folder):
        if process.poll() is not None:
            raise LabError(f"the lab did not start: {last_line(log).removeprefix('gameday: ')}")
        if time.monotonic() > end:
            process.terminate()
            raise LabError(f"the lab was not up after {_UP_SECONDS:g} s; see {log}")
        time.sleep(0.1)


def _pinned(texts: Sequence[str]) -> dict[str, int]:
    """`NAME=PORT` options as a mapping; UserMistake for an unknown name or no port number."""
    pinned = {}
    for text in texts:
        name, _, number = text.partition("=")
        if name not in PORT_NAMES:
            raise UserMistake(f"--port {text}: unknown name {name!r}; expected one of: {', '.join(PORT_NAMES)}")
        if not (number.isdecimal() and 0 < int(number) < 65536):
            raise UserMistake(f"--port {text}: expected {name}=PORT with a port from 1 to 65535")
        pinned[name] = int(number)
    return pinned


def _write_broken(folder: RunFolder, order: Order, reason: str) -> None:
    result.write_invalid(folder, order.experiment.name, order.scale, reason)


async def _interruptible(main: Coroutine[Any, Any, int]) -> int:
    """Let Ctrl-C and SIGTERM end the run with everything taken down."""
    task = asyncio.create_task(main)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await task
