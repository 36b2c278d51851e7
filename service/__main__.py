"""Command `billing`."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from redis.exceptions import RedisError

from service.audit_command import AcknowledgedFileError, render, run_audit
from service.catalog_command import CatalogSyncError, render_sync, run_sync
from service.config import Config, ConfigError, RedisConfig, StripeConfig
from service.costs_command import CostsError, run_costs
from service.costs_report import render_costs
from service.domain.catalog import CatalogError
from service.domain.lifecycle import load_lifecycle
from service.domain.lifecycle_page import page
from service.ledger.snapshot import LedgerFormatError
from service.server import ListenError, serve
from service.worker.process import work

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
    working = commands.add_parser("worker", help="deal with webhooks and reviews until SIGTERM")
    working.set_defaults(run=_work)
    describing = commands.add_parser("lifecycle-docs", help="print the page about a tenant's life")
    describing.set_defaults(run=_describe_lifecycle)
    auditing = commands.add_parser("audit", help="compare acknowledged events with the ledger; exit 1 if they differ")
    auditing.add_argument("--acknowledged", type=Path, required=True, metavar="FILE", help="JSON lines, one event each")
    auditing.add_argument("--output", choices=("table", "json"), default="table")
    auditing.set_defaults(run=_audit)
    syncing = commands.add_parser("sync-catalog", help="make Stripe's products, meters and prices the catalogue's")
    syncing.add_argument("--dry-run", action="store_true", help="change nothing; exit 1 if there is a difference")
    syncing.add_argument("--output", choices=("table", "json", "env"), default="table")
    syncing.set_defaults(run=_sync_catalog)
    costing = commands.add_parser("costs", help="show what tenants bring and cost in a month")
    costing.add_argument("--month", metavar="YYYY-MM", help="by default the current one, in UTC")
    costing.add_argument("--tenant", metavar="ID", help="only this tenant")
    costing.add_argument("--output", choices=("table", "json"), default="table")
    costing.set_defaults(run=_costs)
    return parser


def _serve(_: argparse.Namespace) -> int:
    config = Config.from_env(os.environ)
    try:
        asyncio.run(serve(config))
    except ListenError as error:
        return _mistake(str(error))
    return 0


def _work(_: argparse.Namespace) -> int:
    asyncio.run(work(Config.from_env(os.environ)))
    return 0


def _describe_lifecycle(_: argparse.Namespace) -> int:
    sys.stdout.write(page(load_lifecycle()))
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


def _sync_catalog(arguments: argparse.Namespace) -> int:
    if arguments.dry_run and arguments.output == "env":
        return _mistake("--output env prints ids that a dry run may not have; expected table or json with --dry-run")
    config = StripeConfig.from_env(os.environ)
    try:
        result = run_sync(config, arguments.dry_run)
    except (CatalogSyncError, CatalogError) as error:
        return _mistake(str(error))
    print(render_sync(result, arguments.output))
    return EXIT_DIFFERENCES if arguments.dry_run and result.changes else 0


def _costs(arguments: argparse.Namespace) -> int:
    try:
        costs = run_costs(RedisConfig.from_env(os.environ), arguments.month, arguments.tenant)
    except CostsError as error:
        return _mistake(str(error))
    print(render_costs(costs, arguments.output))
    return 0


def _mistake(message: str) -> int:
    print(f"billing: {message}", file=sys.stderr)
    return EXIT_USAGE


if __name__ == "__main__":
    sys.exit(main())
