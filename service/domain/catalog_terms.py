"""What the catalogue consists of. All prices in micro-cents."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.domain.pricing import Tiers
from service.domain.tenant import Plan
from service.domain.usage import EventType


@dataclass(frozen=True, slots=True)
class EventTerms:
    """`meter` is the event name of Stripe's meter; `overage` counts the units beyond the included ones."""

    event_type: EventType
    title: str
    unit: str
    meter: str
    overage: Tiers


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """`included` is the month's free units, 0 where there are none."""

    plan: Plan
    title: str
    monthly_price_microcents: int
    included: Mapping[EventType, int]
    calls_per_minute: int
    domains: int
    daily_cost_cap_microcents: int


@dataclass(frozen=True, slots=True)
class Trial:
    """`caps` bounds the units of the whole trial; an event type that is not in it is not bounded."""

    days: int
    caps: Mapping[EventType, int]


@dataclass(frozen=True, slots=True)
class CostModel:
    """What serving costs us; a GB is 10^9 bytes, and a unit's bytes are kept for `storage_months`."""

    storage_gb_month_microcents: int
    storage_bytes: Mapping[EventType, int]
    storage_months: int
    timestamp_low_microcents: int
    timestamp_high_microcents: int
    million_requests_microcents: int
    margin_floor_percent: int
