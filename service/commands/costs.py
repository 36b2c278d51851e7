"""`billing costs`: what each tenant's month brings, and what serving it costs."""

import argparse
import asyncio
import os
from datetime import UTC, datetime

from service.api.amounts import MONTH
from service.commands.command import add_output
from service.commands.mistakes import Mistake
from service.config import RedisConfig
from service.costs_report import Account, Costs, render_costs
from service.domain.catalog import load_catalog
from service.domain.tenant import TENANT_ID
from service.errors import LedgerUnavailableError
from service.ledger import keys
from service.ledger.connection import Ledger, Operation, connect
from service.ledger.request_counts import RequestCounts
from service.ledger.tenants import TenantBook
from service.ledger.usage import UsageReader
from service.statements import Statements
from service.telemetry.pipeline import create_resource, create_telemetry

NAME = "costs"
HELP = "show what tenants bring and cost in a month"


class CostsError(Exception):
    """What was asked for cannot be shown; the message says what was expected."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--month", metavar="YYYY-MM", help="by default the current one, in UTC")
    parser.add_argument("--tenant", metavar="ID", help="only this tenant")
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    try:
        costs = run_costs(RedisConfig.from_env(os.environ), arguments.month, arguments.tenant)
    except CostsError as error:
        raise Mistake(str(error)) from error
    print(render_costs(costs, arguments.output))
    return 0


def run_costs(redis: RedisConfig, month: str | None, tenant_id: str | None, now: datetime | None = None) -> Costs:
    """Read a month such as 2026-11, by default the current one, of one tenant or of all; raises CostsError."""
    if month is not None and any(MONTH.faults(month, "--month")):
        raise CostsError(f"--month {month!r}; expected a month from 2000-01 to 2199-12, such as 2026-11")
    instant = now or datetime.now(UTC)
    try:
        return asyncio.run(_read(redis, month or f"{instant:%Y-%m}", tenant_id, instant))
    except LedgerUnavailableError as error:
        raise CostsError(
            f"cannot read the ledger at {redis.host}:{redis.port}: {error.__cause__}; expected a billing ledger"
        ) from error


async def _read(redis: RedisConfig, month: str, tenant_id: str | None, now: datetime) -> Costs:
    ledger = Ledger(connect(redis), create_telemetry(create_resource("command", "costs"), [], []))
    try:
        tenant_ids = await _all_tenants(ledger) if tenant_id is None else [tenant_id]
        return await _costs(ledger, month, tenant_ids, now)
    finally:
        await ledger.close()


async def _costs(ledger: Ledger, month: str, tenant_ids: list[str], now: datetime) -> Costs:
    catalog, book = load_catalog(), TenantBook(ledger)
    statements = Statements(catalog, UsageReader(ledger), RequestCounts(ledger, lambda: now), lambda: now)
    accounts = []
    for tenant_id in tenant_ids:
        tenant = None if any(TENANT_ID.faults(tenant_id, "")) else await book.read(tenant_id)
        if tenant is None:
            raise CostsError(f"--tenant {tenant_id!r} is unknown; expected the id of a tenant")
        accounts.append(Account(tenant, await statements.of(tenant, month)))
    return Costs(month, catalog.cost_model, tuple(accounts))


async def _all_tenants(ledger: Ledger) -> list[str]:
    found = [
        await ledger.command(Operation.READ_TENANT, "SMEMBERS", keys.tenants(shard)) for shard in range(keys.SHARDS)
    ]
    return sorted(tenant_id for shard in found for tenant_id in shard)
