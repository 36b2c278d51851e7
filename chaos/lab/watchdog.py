"""A process beside the runner that leaves nothing behind when the runner dies.

It reads a pipe whose other end only the runner holds. While the pipe is open it undoes faults whose deadline has
passed; when the pipe ends, however the runner ended, it ends every process of the lab. Processes are found by the
marker in their environment, so there is no moment at which a new one could be missed.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from chaos.lab.processes import marked_processes
from chaos.rollback_ledger import settle_overdue

_PACE_SECONDS = 0.25
_QUIET_SWEEPS = 3


def start(lab_id: str, ledger: Path, lifetime_seconds: float) -> subprocess.Popen[bytes]:
    """Start the watchdog of a lab; it acts when this process is gone or `lifetime_seconds` have passed."""
    return subprocess.Popen(
        [sys.executable, "-m", "chaos.lab.watchdog", lab_id, str(ledger), str(lifetime_seconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def dismiss(watchdog: subprocess.Popen[bytes]) -> None:
    """Close the pipe: the watchdog sweeps once more and ends."""
    if watchdog.stdin:
        watchdog.stdin.close()
    watchdog.wait(timeout=20)


def watch(lab_id: str, ledger: Path, lifetime_seconds: float) -> None:
    """Guard until the pipe on stdin ends or the lab's lifetime is over, then sweep; sweep too if guarding fails."""
    end = time.monotonic() + lifetime_seconds
    try:
        while time.monotonic() < end:
            settle_overdue(ledger, time.time())
            if select.select([sys.stdin], [], [], _PACE_SECONDS)[0] and not os.read(sys.stdin.fileno(), 4096):
                break
    finally:
        sweep(lab_id)


def sweep(lab_id: str) -> None:
    """Kill the lab's processes until several looks in a row find none."""
    quiet = 0
    while quiet < _QUIET_SWEEPS:
        found = marked_processes(lab_id)
        for process in found:
            _kill(process)
        quiet = 0 if found else quiet + 1
        time.sleep(_PACE_SECONDS / 2)


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


def main() -> None:
    """`python -m chaos.lab.watchdog LAB_ID LEDGER LIFETIME_SECONDS`, the pipe on stdin."""
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    parser = argparse.ArgumentParser()
    parser.add_argument("lab_id")
    parser.add_argument("ledger", type=Path)
    parser.add_argument("lifetime_seconds", type=float)
    arguments = parser.parse_args()
    watch(arguments.lab_id, arguments.ledger, arguments.lifetime_seconds)


if __name__ == "__main__":
    main()
