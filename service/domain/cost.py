"""What a tenant costs us, what the tenant's usage brings, and the margin between. All amounts in micro-cents."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from service.domain.catalog import Catalog
from service.domain.catalog_terms import CostModel
from service.domain.money import divide_rounded
from service.domain.pricing import marginal
from service.domain.tenant import Plan
from service.domain.usage import EventType

BYTES_PER_GB = 10**9
_MILLION = 1_000_000
_RATIO_STEP = Decimal("0.0001")


class Estimate(StrEnum):
    """Which end of the timestamp authorities' price range is assumed."""

    LOW = "low"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class CostBreakdown:
    storage_microcents: int
    timestamp_authority_microcents: int
    requests_microcents: int

    @property
    def total_microcents(self) -> int:
        return self.storage_microcents + self.timestamp_authority_microcents + self.requests_microcents


@dataclass(frozen=True, slots=True)
class DayUsage:
    """One UTC day of a tenant: `billed` leaves out the trial's units, `served` has all of them."""

    day: date
    billed: Mapping[EventType, int]
    served: Mapping[EventType, int]
    requests: int


@dataclass(frozen=True, slots=True)
class DayCost:
    """`usage_microcents` is what the day's units add to the month's charge, `fee_microcents` its share of the fee."""

    day: date
    usage_microcents: int
    cost: CostBreakdown
    fee_microcents: int = 0

    @property
    def revenue_microcents(self) -> int:
        return self.usage_microcents + self.fee_microcents

    @property
    def margin_ratio(self) -> Decimal | None:
        """(revenue - cost) / revenue to four decimals; None without revenue."""
        return margin_ratio(self.revenue_microcents, self.cost.total_microcents)


def accrue(
    model: CostModel, units: Mapping[EventType, int], requests: int, estimate: Estimate = Estimate.HIGH
) -> CostBreakdown:
    """Cost of serving these units and requests; each part is rounded once, half up, to a micro-cent.

    Storage is booked at the event for all the months that its bytes are kept.
    """
    kept_bytes = sum(units.get(each, 0) * model.storage_bytes[each] for each in EventType)
    timestamp_price = model.timestamp_low_microcents if estimate is Estimate.LOW else model.timestamp_high_microcents
    return CostBreakdown(
        storage_microcents=divide_rounded(
            kept_bytes * model.storage_months * model.storage_gb_month_microcents, BYTES_PER_GB
        ),
        timestamp_authority_microcents=units.get(EventType.RFC3161_TIMESTAMPS, 0) * timestamp_price,
        requests_microcents=divide_rounded(requests * model.million_requests_microcents, _MILLION),
    )


def accrue_request(model: CostModel) -> int:
    """Micro-cents of one request without units; the same as `accrue` says."""
    return divide_rounded(model.million_requests_microcents, _MILLION)


def day_revenue(catalog: Catalog, plan: Plan, before: Mapping[EventType, int], added: Mapping[EventType, int]) -> int:
    """What a day's billed units add to the month's charge, given the month's units before that day."""
    return sum(
        marginal(catalog.tiers(plan, each), max(before.get(each, 0), 0), _real_change(before, added, each))
        for each in EventType
    )


def daily_costs(catalog: Catalog, plan: Plan, month_days: Iterable[DayUsage]) -> tuple[DayCost, ...]:
    """Usage revenue and cost of each day of one month, which must come in order and from the first usage on."""
    before = dict.fromkeys(EventType, 0)
    costs = []
    for each in month_days:
        revenue = day_revenue(catalog, plan, before, each.billed)
        cost = accrue(catalog.cost_model, each.served, each.requests)
        costs.append(DayCost(each.day, revenue, cost))
        before = {kind: count + each.billed.get(kind, 0) for kind, count in before.items()}
    return tuple(costs)


def margin_ratio(revenue_microcents: int, cost_microcents: int) -> Decimal | None:
    """(revenue - cost) / revenue to four decimals, below zero for a loss; None without revenue."""
    if revenue_microcents <= 0:
        return None
    exact = Decimal(revenue_microcents - cost_microcents) / Decimal(revenue_microcents)
    return exact.quantize(_RATIO_STEP, ROUND_HALF_UP)


def keeps_margin_floor(model: CostModel, revenue_microcents: int, cost_microcents: int) -> bool:
    """Whether the margin is at the floor or above, judged exactly; cost without revenue never is."""
    kept = (revenue_microcents - cost_microcents) * 100
    return kept >= model.margin_floor_percent * revenue_microcents


def _real_change(before: Mapping[EventType, int], added: Mapping[EventType, int], event_type: EventType) -> int:
    """Change of the units that are charged: a month below zero counts as zero."""
    start = before.get(event_type, 0)
    return max(start + added.get(event_type, 0), 0) - max(start, 0)
