"""Steps of the set-up: a child process each, with elapsed time on the terminal and its output in a log.

Standard library only: the first step runs before the project's packages are there.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TERMINAL_SECONDS = 1.0
_PLAIN_SECONDS = 15.0
_GRACE_SECONDS = 5.0

# How the tools that we start say that they could not get at something: apt, pip, Go and their HTTP clients.
_UNREACHABLE = (
    "could not resolve",
    "could not connect",
    "failed to fetch",
    "unable to locate package",
    "no packages found",
    "temporary failure in name resolution",
    "no such host",
    "connection refused",
    "connection reset",
    "connection timed out",
    "network is unreachable",
    "i/o timeout",
    "tls handshake timeout",
    "proxyconnect",
    "module lookup disabled",
    "404 not found",
    "410 gone",
    "max retries exceeded",
    "no matching distribution found",
)


class StepFailed(Exception):
    """A step's child process failed; `unreachable` tells a missing network from a broken build."""

    def __init__(self, title: str, output: str) -> None:
        lines = output.strip().splitlines() or ["no output"]
        self.unreachable = any(sign in output.lower() for sign in _UNREACHABLE)
        super().__init__(f"{title} failed: {lines[-1].strip()}")


@dataclass(frozen=True)
class Step:
    """One child process of the set-up; its log is replaced at each start."""

    title: str
    argv: Sequence[str | Path]
    log: Path
    environ: Mapping[str, str]
    folder: Path


def say(text: str) -> None:
    """One line of progress."""
    print(f"[setup] {text}", flush=True)


def run(step: Step) -> None:
    """Run a step to its end; raises StepFailed. An interruption ends its whole process group."""
    started = time.monotonic()
    step.log.parent.mkdir(parents=True, exist_ok=True)
    with step.log.open("wb") as log:
        child = subprocess.Popen(
            step.argv,
            env=step.environ,
            cwd=step.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait(child, step.title, started)
        except BaseException:
            _stop(child)
            raise
    if child.returncode != 0:
        raise StepFailed(step.title, step.log.read_text(errors="replace"))
    say(f"{step.title} ... {time.monotonic() - started:.1f} s")


def _wait(child: subprocess.Popen[bytes], title: str, started: float) -> None:
    """Wait, and show the elapsed time: each second on a terminal, each quarter of a minute in a log."""
    terminal = sys.stdout.isatty()
    pause_seconds = _TERMINAL_SECONDS if terminal else _PLAIN_SECONDS
    try:
        while True:
            if terminal:
                print(f"\r[setup] {title} ... {time.monotonic() - started:.0f} s", end="", flush=True)
            with suppress(subprocess.TimeoutExpired):
                child.wait(pause_seconds)
                return
            if not terminal:
                say(f"{title} ... {time.monotonic() - started:.0f} s so far")
    finally:
        if terminal:
            print("\r\033[K", end="", flush=True)


def _stop(child: subprocess.Popen[bytes]) -> None:
    """End a child and everything that it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with suppress(subprocess.TimeoutExpired):
            child.wait(_GRACE_SECONDS)
