"""Reads what the ledger knows of a tenant's month, and states what it brings and costs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from service.domain.catalog import Catalog
from service.domain.statement import MonthFacts, Statement, state
from service.domain.tenant import Tenant
from service.ledger.request_counts import RequestCounts
from service.ledger.usage import UsageReader


@dataclass(frozen=True, slots=True)
class Statements:
    """Raises LedgerUnavailableError."""

    catalog: Catalog
    usage: UsageReader
    requests: RequestCounts
    clock: Callable[[], datetime]

    async def of(self, tenant: Tenant, month: str) -> Statement:
        """State a month, such as 2026-11, of the tenant as of now."""
        facts = MonthFacts(
            month=month,
            billed=await self.usage.billed_days(tenant.tenant_id, month),
            served=await self.usage.served_days(tenant.tenant_id, month),
            requests=await self.requests.days(tenant.tenant_id, month),
            earlier=await self.usage.billed_days(tenant.tenant_id, _month_before(month)),
        )
        return state(self.catalog, tenant, facts, self.clock())


def _month_before(month: str) -> str:
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    return f"{first - timedelta(days=1):%Y-%m}"
