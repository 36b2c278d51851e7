"""The bill of a month: a plan fee in advance, usage in arrears by graduated tiers.

Money is summed in micro-cents; what is owed is rounded to cents once a line, half up, as Stripe does.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from service.domain.catalog import Catalog
from service.domain.money import round_to_cents
from service.domain.pricing import TierLine, tier_lines
from service.domain.tenant import Plan
from service.domain.usage import EventType

_MONTHS = 12


class LineKind(StrEnum):
    PLAN_FEE = "plan_fee"
    USAGE = "usage"


@dataclass(frozen=True, slots=True)
class Period:
    """A month in UTC, its end excluded."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class BillLine:
    """`event_type` is None for the plan fee."""

    kind: LineKind
    description: str
    event_type: EventType | None
    period: Period
    quantity: int
    unit_amount_microcents: int

    @property
    def amount_microcents(self) -> int:
        return self.quantity * self.unit_amount_microcents

    @property
    def amount_cents(self) -> int:
        return round_to_cents(self.amount_microcents)


@dataclass(frozen=True, slots=True)
class Bill:
    """`total_cents` is the sum of the rounded lines, as an invoice has it, and not the rounded `total_microcents`."""

    plan: Plan
    month: str
    currency: str
    period: Period
    lines: tuple[BillLine, ...]

    @property
    def total_microcents(self) -> int:
        return sum(line.amount_microcents for line in self.lines)

    @property
    def total_cents(self) -> int:
        return sum(line.amount_cents for line in self.lines)


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The bill as it stands, and as it would be with further units."""

    bill: Bill
    changed: Bill

    @property
    def difference_microcents(self) -> int:
        return self.changed.total_microcents - self.bill.total_microcents

    @property
    def difference_cents(self) -> int:
        return self.changed.total_cents - self.bill.total_cents


def month_bill(
    catalog: Catalog, plan: Plan, month: str, units: Mapping[EventType, int], with_plan_fee: bool = True
) -> Bill:
    """The bill that the end of `month` ("2026-11") brings; the fee in it is for the month after.

    Corrections may leave a month below zero units: nothing is charged then, as on Stripe's invoice.
    """
    period = _period(month, 0)
    fee = (_fee_line(catalog, plan, _period(month, 1)),) if with_plan_fee else ()
    usage = (
        line
        for event_type in EventType
        for line in _usage_lines(catalog, plan, event_type, period, max(units.get(event_type, 0), 0))
    )
    return Bill(plan, month, catalog.currency, period, (*fee, *usage))


def _fee_line(catalog: Catalog, plan: Plan, period: Period) -> BillLine:
    terms = catalog.plans[plan]
    description = f"{terms.title} plan, {period.start:%Y-%m}"
    return BillLine(LineKind.PLAN_FEE, description, None, period, 1, terms.monthly_price_microcents)


def _usage_lines(catalog: Catalog, plan: Plan, event_type: EventType, period: Period, units: int) -> Iterator[BillLine]:
    title = catalog.events[event_type].title
    for line in tier_lines(catalog.tiers(plan, event_type), units):
        description = f"{title}, {_share(line, catalog.plans[plan].included[event_type])}"
        yield BillLine(LineKind.USAGE, description, event_type, period, line.units, line.tier.unit_microcents)


def _share(line: TierLine, included: int) -> str:
    if line.tier.up_to is not None and line.tier.up_to <= included:
        return f"included in the plan (first {included:,})"
    end = "" if line.tier.up_to is None else f" to {line.tier.up_to:,}"
    return f"from unit {line.first_unit:,}{end}"


def _period(month: str, later: int) -> Period:
    try:
        start = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    except ValueError as error:
        raise ValueError(f"expected a month such as 2026-11, got {month!r}") from error
    return Period(_months_after(start, later), _months_after(start, later + 1))


def _months_after(start: datetime, months: int) -> datetime:
    years, month = divmod(start.month - 1 + months, _MONTHS)
    return start.replace(year=start.year + years, month=month + 1)
