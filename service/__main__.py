"""Command `billing`."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from redis.exceptions import RedisError

from service.audit_command import AcknowledgedFileError, render, run_audit
from service.config import Config, ConfigError, RedisConfig
from service.ledger.snapshot import LedgerFormatError
from service.server import ListenError, serve

EXIT_DIFFERENCES = 1
EXIT_USAGE = 2
EXIT_CONFIG = 78
"""EX_CONFIG of sysexits.h."""


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    try:
        exit_code: int = arguments.run(arguments)
    except ConfigError as error:
        for problem in error.problems:
            print(f"billing: {problem.name} {problem.rule}", file=sys.stderr)
        return EXIT_CONFIG
    return exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="billing", description="The billing service and its ledger.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serving = commands.add_parser("serve", help="serve the API until SIGTERM")
    serving.set_defaults(run=_serve)
    auditing = commands.add_parser("audit", help="compare acknowledged events with the ledger; exit 1 if they differ")
    auditing.add_argument("--acknowledged", type=Path, required=True, metavar="FILE", help="JSON lines, one event each")
    auditing.add_argument("--output", choices=("table", "json"), default="table")
    auditing.set_defaults(run=_audit)
    return parser


def _serve(_: argparse.Namespace) -> int:
    config = Config.from_env(os.environ)
    try:
        asyncio.run(serve(config))
    except ListenError as error:
        return _mistake(str(error))
    return 0


def _audit(arguments: argparse.Namespace) -> int:
    redis = RedisConfig.from_env(os.environ)
    try:
        result = run_audit(arguments.acknowledged, redis)
    except AcknowledgedFileError as error:
        return _mistake(str(error))
    except (RedisError, LedgerFormatError) as error:
        return _mistake(f"cannot read the ledger at {redis.host}:{redis.port}: {error}; expected a billing ledger")
    print(render(result, arguments.output))
    return 0 if result.is_clean else EXIT_DIFFERENCES


def _mistake(message: str) -> int:
    print(f"billing: {message}", file=sys.stderr)
    return EXIT_USAGE


if __name__ == "__main__":
    sys.exit(main())
