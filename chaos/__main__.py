"""The command `gameday`: its options. What each sub-command does stands in `chaos.commands`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from chaos import commands
from chaos.errors import GameDayError, LabError, UserMistake
from chaos.order import DEFAULT_SCALE

RUNS = Path("var/gameday")
FALSIFICATIONS = Path("var/falsify")
FALSIFICATION_SCALE = 10
_EXIT_CODES = "exit codes: 0 passed, 1 failed verdict, 2 user's mistake, 3 invalid run"
_SCALE = "divide every window and interval by K, 1 to 30 (default %(default)s)"


_SEED = "of the arrivals and the moment of injection (default: a fresh one)"


class _Parser(argparse.ArgumentParser):
    """One line and exit 2 for a mistake in the options."""

    def error(self, message: str) -> NoReturn:
        raise UserMistake(f"{message}; see {self.prog} --help")


def main() -> None:
    """Run one of the sub-commands; a mistake or a broken lab is one line on stderr."""
    try:
        arguments = _parser().parse_args()
        sys.exit(arguments.handler(arguments))
    except GameDayError as error:
        print(f"gameday: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("gameday: interrupted", file=sys.stderr)
        sys.exit(LabError.exit_code)


def _parser() -> argparse.ArgumentParser:
    description = "Break one thing on a real local stack and measure who was paged, when, and what survived."
    parser = _Parser(prog="gameday", description=description, epilog=_EXIT_CODES)
    added = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    _add_run(added.add_parser("run", help="run one experiment and judge it", epilog=_EXIT_CODES))
    _add_falsify(added.add_parser("falsify", help="prove that the verdict can say no"))
    _add_up(added.add_parser("up", help="start the lab and keep it running"))
    added.add_parser("down", help="end the lab that up started").set_defaults(handler=commands.down)
    added.add_parser("list", help="the experiments").set_defaults(handler=commands.list_experiments)
    report = added.add_parser("report", help="print the report of a run")
    report.add_argument("run", type=Path, nargs="?", default=RUNS / "latest", help="its folder (default: the latest)")
    report.set_defaults(handler=commands.report)
    return parser


def _add_run(run: argparse.ArgumentParser) -> None:
    run.add_argument("experiment", help="name of an experiment, or the path of its .yaml file")
    run.add_argument("--seed", type=int, help=_SEED)
    run.add_argument("--rules", type=Path, help="Prometheus rules to use as they are, in place of the generated ones")
    run.add_argument("--out", type=Path, default=RUNS, help="folder for results (default %(default)s)")
    _add_lab_options(run)
    run.set_defaults(handler=commands.run)


def _add_falsify(falsify: argparse.ArgumentParser) -> None:
    falsify.add_argument("experiment", help="name of an experiment, or the path of its .yaml file")
    falsify.add_argument("--seed", type=int, help=_SEED)
    falsify.add_argument("--out", type=Path, default=FALSIFICATIONS, help="folder for results (default %(default)s)")
    falsify.add_argument("--scale", type=int, default=FALSIFICATION_SCALE, metavar="K", help=_SCALE)
    falsify.set_defaults(handler=commands.falsify)


def _add_up(up: argparse.ArgumentParser) -> None:
    up.add_argument("--load", type=float, default=0.0, metavar="RATE", help="arrivals/s of load (default: none)")
    up.add_argument("--hours", type=float, default=8.0, help="after which it ends by itself (default %(default)s)")
    _add_lab_options(up)
    up.set_defaults(handler=commands.up)


def _add_lab_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--scale", type=int, default=DEFAULT_SCALE, metavar="K", help=_SCALE)
    command.add_argument("--port", action="append", default=[], metavar="NAME=PORT", help="pin a port of the lab")


if __name__ == "__main__":
    main()
