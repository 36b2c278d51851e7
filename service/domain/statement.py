"""What a month brings and costs, day by day, and where it will end. All amounts in micro-cents."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import chain

from service.domain.catalog import Catalog
from service.domain.cost import DayCost, DayUsage, daily_costs, margin_ratio
from service.domain.forecast import BudgetStatus, Method, budget_status, forecast, forecast_units
from service.domain.monthly_fee import fee_share
from service.domain.pricing import charge
from service.domain.tenant import Tenant, TenantStatus
from service.domain.usage import EventType

DailyUnits = Mapping[str, Mapping[EventType, int]]
"""Units by day, such as 2026-11-23, and event type."""

_AT_REST = frozenset({TenantStatus.SUSPENDED, TenantStatus.CANCELED})
"""Those may not use anything, so that there is nothing to expect of the rest of the month."""


@dataclass(frozen=True, slots=True)
class MonthFacts:
    """What the ledger knows of a tenant's month; `earlier` is the billed units of the month before it."""

    month: str
    billed: DailyUnits
    served: DailyUnits
    requests: Mapping[str, int]
    earlier: DailyUnits


@dataclass(frozen=True, slots=True)
class Outlook:
    """Where the month's charges will end, by `method`."""

    method: Method
    month_end_microcents: int


@dataclass(frozen=True, slots=True)
class Statement:
    """`outlook` is None for any month but the current one, `budget` where the tenant set none."""

    days: tuple[DayCost, ...]
    outlook: Outlook | None
    budget: BudgetStatus | None

    @property
    def revenue_microcents(self) -> int:
        return sum(day.revenue_microcents for day in self.days)

    @property
    def cost_microcents(self) -> int:
        return sum(day.cost.total_microcents for day in self.days)

    @property
    def margin_ratio(self) -> Decimal | None:
        """(revenue - cost) / revenue to four decimals; None without revenue."""
        return margin_ratio(self.revenue_microcents, self.cost_microcents)


def state(catalog: Catalog, tenant: Tenant, facts: MonthFacts, now: datetime) -> Statement:
    """State the month of `facts` as of `now`, from its first day to today, rated by the tenant's plan.

    A month before the tenant signed up, or after the current one, has no days.
    """
    today = now.astimezone(UTC).date()
    days = [_day_usage(facts, day) for day in _days(tenant, facts, today)]
    fee = catalog.plans[tenant.plan].monthly_price_microcents
    costs = tuple(
        replace(cost, fee_microcents=fee_share(fee, tenant, cost.day))
        for cost in daily_costs(catalog, tenant.plan, days)
    )
    outlook = _outlook(catalog, tenant, facts, now) if f"{today:%Y-%m}" == facts.month else None
    return Statement(costs, outlook, _budget(tenant, costs, outlook))


def _days(tenant: Tenant, facts: MonthFacts, today: date) -> list[date]:
    """Up to today, or to tomorrow where usage that was reported just before midnight is tomorrow's already."""
    is_known = facts.served or facts.billed or facts.requests
    if not is_known and facts.month < f"{datetime.fromtimestamp(tenant.created_at, UTC):%Y-%m}":
        return []
    return _month_days(facts.month, max([today, *map(date.fromisoformat, facts.billed)]))


def _outlook(catalog: Catalog, tenant: Tenant, facts: MonthFacts, now: datetime) -> Outlook:
    """Usage goes on as it went since the trial; a tenant that may not use anything stays where it is."""
    rests = tenant.status in _AT_REST
    daily = _daily(facts.billed) if rests else _daily(facts.earlier, facts.billed)
    expected = {each: sum(days.values()) for each, days in daily.items()} if rests else forecast_units(daily, now)
    methods = [forecast(days, now).method for days in daily.values()]
    method = Method.WEEKDAY if Method.WEEKDAY in methods and not rests else Method.RUN_RATE
    fee = catalog.plans[tenant.plan].monthly_price_microcents
    fees = (fee_share(fee, tenant, day) for day in _month_days(facts.month, date.max))
    usage = (charge(catalog.tiers(tenant.plan, each), max(expected.get(each, 0), 0)) for each in EventType)
    return Outlook(method, sum(usage) + sum(fees))


def _daily(*months: DailyUnits) -> Mapping[EventType, dict[date, int]]:
    daily: defaultdict[EventType, dict[date, int]] = defaultdict(dict)
    for day, by_type in chain.from_iterable(month.items() for month in months):
        for event_type, units in by_type.items():
            daily[event_type][date.fromisoformat(day)] = units
    return daily


def _budget(tenant: Tenant, days: tuple[DayCost, ...], outlook: Outlook | None) -> BudgetStatus | None:
    if tenant.monthly_budget_cents is None:
        return None
    spent = sum(day.revenue_microcents for day in days)
    return budget_status(spent, outlook.month_end_microcents if outlook else spent, tenant.monthly_budget_cents)


def _day_usage(facts: MonthFacts, day: date) -> DayUsage:
    name = day.isoformat()
    return DayUsage(day, facts.billed.get(name, {}), facts.served.get(name, {}), facts.requests.get(name, 0))


def _month_days(month: str, last: date) -> list[date]:
    """The days of the month up to `last`."""
    first = date.fromisoformat(f"{month}-01")
    month_end = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return [first + timedelta(days=number) for number in range((min(last, month_end) - first).days + 1)]
