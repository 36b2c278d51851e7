"""The catalogue as clients see it: ready for JSON, each price in micro-cents and in US dollars."""

from typing import TypedDict

from service.domain.catalog import Catalog
from service.domain.catalog_terms import PlanTerms
from service.domain.money import format_usd
from service.domain.pricing import Tiers
from service.domain.usage import EventType


class ShownTier(TypedDict):
    """Units `from_unit` to `up_to`, both included; `up_to` null is without end."""

    from_unit: int
    up_to: int | None
    unit_price_microcents: int
    unit_price_usd: str


class ShownPlan(TypedDict):
    plan: str
    title: str
    currency: str
    monthly_price_microcents: int
    monthly_price_usd: str
    included: dict[str, int]
    calls_per_minute: int
    domains: int
    daily_cost_cap_microcents: int
    daily_cost_cap_usd: str


class ShownPlanTiers(TypedDict):
    plan: str
    included: int
    tiers: list[ShownTier]


class ShownTiers(TypedDict):
    """`overage` counts the units beyond the included ones; the plans' `tiers` count from the month's first."""

    event_type: str
    title: str
    unit: str
    currency: str
    overage: list[ShownTier]
    plans: list[ShownPlanTiers]


def shown_plans(catalog: Catalog) -> list[ShownPlan]:
    return [_shown_plan(terms, catalog.currency) for terms in catalog.plans.values()]


def shown_tiers(catalog: Catalog, event_type: EventType) -> ShownTiers:
    event = catalog.events[event_type]
    return {
        "event_type": str(event_type),
        "title": event.title,
        "unit": event.unit,
        "currency": catalog.currency,
        "overage": _shown(event.overage),
        "plans": [
            {
                "plan": str(plan),
                "included": terms.included[event_type],
                "tiers": _shown(catalog.tiers(plan, event_type)),
            }
            for plan, terms in catalog.plans.items()
        ],
    }


def _shown_plan(terms: PlanTerms, currency: str) -> ShownPlan:
    return {
        "plan": str(terms.plan),
        "title": terms.title,
        "currency": currency,
        "monthly_price_microcents": terms.monthly_price_microcents,
        "monthly_price_usd": format_usd(terms.monthly_price_microcents),
        "included": {str(event_type): units for event_type, units in terms.included.items()},
        "calls_per_minute": terms.calls_per_minute,
        "domains": terms.domains,
        "daily_cost_cap_microcents": terms.daily_cost_cap_microcents,
        "daily_cost_cap_usd": format_usd(terms.daily_cost_cap_microcents),
    }


def _shown(tiers: Tiers) -> list[ShownTier]:
    starts = [1, *(tier.up_to + 1 for tier in tiers if tier.up_to is not None)]
    return [
        {
            "from_unit": start,
            "up_to": tier.up_to,
            "unit_price_microcents": tier.unit_microcents,
            "unit_price_usd": format_usd(tier.unit_microcents),
        }
        for start, tier in zip(starts, tiers, strict=True)
    ]
