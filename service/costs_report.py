"""Tenants' revenue, cost and margin, as JSON with every day or as a table. Amounts are in micro-cents."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from service.domain.catalog_terms import CostModel
from service.domain.cost import CostBreakdown, DayCost, keeps_margin_floor, margin_ratio
from service.domain.money import MICROCENTS_PER_USD
from service.domain.statement import Statement
from service.domain.tenant import Tenant

_COLUMNS = (
    *("TENANT", "PLAN", "STATUS", "REVENUE", "STORAGE", "TIMESTAMPS", "REQUESTS", "COST", "MARGIN", "FLOOR", "BUDGET"),
)
_TEXT_COLUMNS = 3
_NONE = "-"


@dataclass(frozen=True, slots=True)
class Account:
    tenant: Tenant
    statement: Statement


@dataclass(frozen=True, slots=True)
class Costs:
    """What the accounts bring and cost in `month` (2026-11)."""

    month: str
    model: CostModel
    accounts: tuple[Account, ...]

    @property
    def days(self) -> tuple[DayCost, ...]:
        """Every account's days."""
        return tuple(day for account in self.accounts for day in account.statement.days)


def render_costs(costs: Costs, output: str) -> str:
    """As one JSON object with every day, or as a table of the tenants' totals in US dollars."""
    return json.dumps(_document(costs)) if output == "json" else "\n".join(_table(_rows(costs)))


def _document(costs: Costs) -> dict[str, object]:
    return {
        "month": costs.month,
        "currency": "usd",
        "margin_floor_percent": costs.model.margin_floor_percent,
        "tenants": [_shown(account, costs.model) for account in costs.accounts],
        "total": _sums(costs.days, costs.model),
    }


def _shown(account: Account, model: CostModel) -> dict[str, object]:
    days = account.statement.days
    return {
        "tenant_id": account.tenant.tenant_id,
        "plan": account.tenant.plan,
        "status": account.tenant.status,
        "budget": account.statement.budget,
        **_sums(days, model),
        "days": [{"day": day.day.isoformat(), **_sums([day], model)} for day in days],
    }


def _sums(days: Sequence[DayCost], model: CostModel) -> dict[str, object]:
    usage, fee = sum(day.usage_microcents for day in days), sum(day.fee_microcents for day in days)
    cost = _cost(days)
    return {
        "usage_microcents": usage,
        "fee_microcents": fee,
        "revenue_microcents": usage + fee,
        "storage_microcents": cost.storage_microcents,
        "timestamp_authority_microcents": cost.timestamp_authority_microcents,
        "requests_microcents": cost.requests_microcents,
        "cost_microcents": cost.total_microcents,
        "margin_ratio": _number(margin_ratio(usage + fee, cost.total_microcents)),
        "keeps_margin_floor": keeps_margin_floor(model, usage + fee, cost.total_microcents),
    }


def _cost(days: Iterable[DayCost]) -> CostBreakdown:
    costs = [day.cost for day in days]
    return CostBreakdown(
        storage_microcents=sum(cost.storage_microcents for cost in costs),
        timestamp_authority_microcents=sum(cost.timestamp_authority_microcents for cost in costs),
        requests_microcents=sum(cost.requests_microcents for cost in costs),
    )


def _number(ratio: Decimal | None) -> float | None:
    return None if ratio is None else float(ratio)


def _rows(costs: Costs) -> list[tuple[str, ...]]:
    rows = [
        (*_names(account.tenant), *_cells(account.statement.days, costs.model), account.statement.budget or _NONE)
        for account in costs.accounts
    ]
    total = (f"total of {len(costs.accounts)}", "", "", *_cells(costs.days, costs.model), "")
    return [_COLUMNS, *rows, total]


def _names(tenant: Tenant) -> tuple[str, str, str]:
    return tenant.tenant_id, tenant.plan, tenant.status


def _cells(days: Sequence[DayCost], model: CostModel) -> tuple[str, ...]:
    """Revenue to cents; costs to a hundredth of a cent, as a month of a small tenant is below one."""
    revenue, cost = sum(day.revenue_microcents for day in days), _cost(days)
    margin = margin_ratio(revenue, cost.total_microcents)
    return (
        _usd(revenue, 2),
        _usd(cost.storage_microcents, 4),
        _usd(cost.timestamp_authority_microcents, 4),
        _usd(cost.requests_microcents, 4),
        _usd(cost.total_microcents, 4),
        _NONE if margin is None else f"{margin:.2%}",
        "kept" if keeps_margin_floor(model, revenue, cost.total_microcents) else "BELOW",
    )


def _usd(microcents: int, decimals: int) -> str:
    return f"{Decimal(microcents) / MICROCENTS_PER_USD:,.{decimals}f}"


def _table(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    for row in rows:
        cells = [
            cell.ljust(width) if column < _TEXT_COLUMNS else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
