"""Command `python -m chaos.lab.install [PROGRAM...]`: get the programs of the stack that are missing."""

import argparse
import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from chaos.errors import GameDayError
from chaos.lab import steps
from chaos.lab.catalogue import Program, load
from chaos.lab.installation import ensure
from chaos.lab.programs import PROJECT, known, tools_folder
from chaos.lab.sources.workshop import Workshop

_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Install what is missing: 0 when all is here, 2 for a wrong argument, 3 when something is still missing."""
    names = _parser().parse_args(argv).programs
    for number in (signal.SIGINT, signal.SIGTERM):  # a background job of a script starts with SIGINT ignored
        signal.signal(number, _interrupt)
    workshop = Workshop(tools_folder(os.environ), PROJECT, os.environ)
    try:
        programs = _chosen(names)
        with _alone(workshop.tools):
            return _install(programs, workshop)
    except GameDayError as error:
        return _complain(error)
    except KeyboardInterrupt:
        print("install: interrupted; the next run continues from here", file=sys.stderr)
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="install", description="Get the programs that are missing.")
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help="default: all that the stack runs")
    return parser


def _chosen(names: Sequence[str]) -> list[Program]:
    catalogue = load()
    if names:
        return [known(name, catalogue) for name in names]
    return [program for program in catalogue.values() if not program.build]


def _install(programs: Sequence[Program], workshop: Workshop) -> int:
    """Try every program, so that one run names all that is missing."""
    started = time.monotonic()
    exit_code = 0
    for program in programs:
        try:
            ensure(program, workshop)
        except GameDayError as error:
            exit_code = _complain(error)
    if exit_code == 0:
        steps.say(f"programs: {len(programs)} ready ... {time.monotonic() - started:.1f} s")
    return exit_code


def _complain(error: GameDayError) -> int:
    print(f"install: {error}", file=sys.stderr, flush=True)
    return error.exit_code


@contextmanager
def _alone(tools: Path) -> Iterator[None]:
    """Hold the tools folder: a second set-up waits, and then finds everything done."""
    tools.mkdir(parents=True, exist_ok=True)
    with (tools / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            steps.say("another set-up is at work here; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
