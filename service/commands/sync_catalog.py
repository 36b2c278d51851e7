"""`billing sync-catalog`: does Stripe hold the catalogue, and nothing else of ours?"""

import argparse
import asyncio
import json
import os
import sys

import stripe

from service.commands.command import add_output
from service.commands.mistakes import EXIT_DIFFERENCES, Mistake
from service.config import StripeConfig
from service.domain.catalog import Catalog, CatalogError, licensed_lookup_key, load_catalog
from service.domain.tenant import Plan
from service.payments.catalog_plan import SyncError
from service.payments.catalog_sync import SyncResult, compare_catalog, connected, sync_catalog

NAME = "sync-catalog"
HELP = "make Stripe's products, meters and prices the catalogue's"

_EXPECTED = "expected an API that answers and a key that may write products, prices and meters"


class CatalogSyncError(Exception):
    """Stripe does not answer, refuses, or holds what cannot be changed; the message is one line."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="change nothing; exit 1 if there is a difference")
    add_output(parser, "env")


def run(arguments: argparse.Namespace) -> int:
    if arguments.dry_run and arguments.output == "env":
        raise Mistake("--output env prints ids that a dry run may not have; expected table or json with --dry-run")
    config = StripeConfig.from_env(os.environ)
    try:
        result = run_sync(config, arguments.dry_run)
    except (CatalogSyncError, CatalogError) as error:
        raise Mistake(str(error)) from error
    print(render_sync(result, arguments.output))
    return EXIT_DIFFERENCES if arguments.dry_run and result.changes else 0


def run_sync(config: StripeConfig, dry_run: bool) -> SyncResult:
    """Bring Stripe in line with the catalogue, or only compare them; raises CatalogSyncError or CatalogError."""
    return asyncio.run(_run(config, load_catalog(), dry_run))


def render_sync(result: SyncResult, output: str) -> str:
    """As a table of changes, as JSON with the price ids, or as the environment variables that the service reads."""
    if output == "env":
        return "\n".join(f"STRIPE_{plan.upper()}_PRICE_ID={_licensed_id(result, plan)}" for plan in Plan)
    if output == "json":
        changes = [
            {"action": change.action, "kind": change.target.kind, "key": change.target.key, "detail": change.detail}
            for change in result.changes
        ]
        return json.dumps({"changes": changes, "price_ids": dict(result.price_ids)})
    lines = [
        f"{change.action:<8} {change.target.kind:<8} {change.target.key:<36} {change.detail}"
        for change in result.changes
    ]
    return "\n".join(lines) or "no difference"


async def _run(config: StripeConfig, catalog: Catalog, dry_run: bool) -> SyncResult:
    try:
        async with connected(config) as client:
            if dry_run:
                return await compare_catalog(client, catalog)
            return await sync_catalog(client, catalog, _report)
    except SyncError as error:
        raise CatalogSyncError(str(error)) from error
    except stripe.StripeError as error:
        reason = " ".join((error.user_message or str(error)).split())
        raise CatalogSyncError(f"cannot sync with Stripe: {reason}; {_EXPECTED}") from error


def _licensed_id(result: SyncResult, plan: Plan) -> str:
    return result.price_ids[licensed_lookup_key(plan)]


def _report(line: str) -> None:
    print(f"sync-catalog: {line}", file=sys.stderr)
