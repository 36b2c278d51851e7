"""Command `billing`."""

import argparse
import sys
from collections.abc import Sequence

from service.commands import (
    archive,
    audit,
    check_env,
    costs,
    dead_letters,
    env_example,
    lifecycle_docs,
    replay,
    secrets,
    serve,
    sync_catalog,
    worker,
)
from service.commands.command import Command
from service.commands.mistakes import EXIT_CONFIG, EXIT_USAGE, Mistake
from service.config import ConfigError
from service.fitness import UnfitRedisError

_COMMANDS: tuple[Command, ...] = (
    serve,
    worker,
    check_env,
    secrets,
    audit,
    replay,
    archive,
    dead_letters,
    costs,
    sync_catalog,
    lifecycle_docs,
    env_example,
)


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    try:
        exit_code: int = arguments.run(arguments)
    except ConfigError as error:
        return _tell(EXIT_CONFIG, *map(str, error.problems))
    except UnfitRedisError as error:
        return _tell(EXIT_CONFIG, *map(str, error.faults))
    except Mistake as error:
        return _tell(EXIT_USAGE, str(error))
    return exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="billing", description="The billing service and its ledger.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in _COMMANDS:
        arguments = commands.add_parser(command.NAME, help=command.HELP)
        command.add_arguments(arguments)
        arguments.set_defaults(run=command.run)
    return parser


def _tell(exit_code: int, *lines: str) -> int:
    for line in lines:
        print(f"billing: {line}", file=sys.stderr)
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
