"""What each of these modules is, and what several have in common."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from service.config.near_misses import near_misses


class Command(Protocol):
    """`run` returns the exit code, or raises Mistake, ConfigError or UnfitRedisError."""

    NAME: str
    HELP: str

    def add_arguments(self, _: argparse.ArgumentParser, /) -> None: ...

    def run(self, _: argparse.Namespace, /) -> int: ...


def add_output(parser: argparse.ArgumentParser, *choices: str) -> None:
    """Let the user choose how the result is printed; as a table unless they do."""
    parser.add_argument("--output", choices=("table", "json", *choices), default="table")


def add_archive(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """Let the user name the folder that the workers archive to."""
    described = "the folder with s00 to s15" + ("" if required else ", by default DATA_DIR/archive")
    parser.add_argument("--archive", type=Path, metavar="DIR", required=required, help=described)


def warn_of_near_misses() -> None:
    """Tell of variables that look like ours and are not read: most probably a typing error."""
    for each in near_misses(os.environ):
        print(f"billing: warning: {each}", file=sys.stderr)


def say(command: str) -> Callable[[str], None]:
    """Tell a person of the progress; where nobody looks on, what is on stderr is an error."""

    def tell(line: str) -> None:
        if sys.stderr.isatty():
            print(f"{command}: {line}", file=sys.stderr)

    return tell
