"""How each part of the catalogue's file is read and judged."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from service.domain.catalog_terms import CostModel, EventTerms, PlanTerms, Trial
from service.domain.money import MICROCENTS_PER_CENT
from service.domain.pricing import Tier, Tiers
from service.domain.strict_document import Section
from service.domain.tenant import Plan
from service.domain.usage import EventType

_MOST_UNITS = 10**12
_MOST_DAYS = 730
"""Stripe's longest trial."""
_FULL_PERCENT = 100


def events(section: Section) -> Mapping[EventType, EventTerms]:
    """Every event type that the service knows; two may not share a meter."""
    found = {each: section.within(each, partial(_event, each)) for each in EventType}
    meters = [event.meter for event in found.values()]
    for position, (event_type, event) in enumerate(found.items()):
        if event.meter and event.meter in meters[:position]:
            section.reject(f"{event_type}.meter", f"expected a meter of its own, {event.meter} is another's")
    return MappingProxyType(found)


def plans(section: Section) -> Mapping[Plan, PlanTerms]:
    """Every plan that the service knows."""
    return MappingProxyType({plan: section.within(plan, partial(_plan, plan)) for plan in Plan})


def trial(section: Section) -> Trial:
    return Trial(days=section.whole("days", 1, _MOST_DAYS), caps=section.within("caps", _caps))


def cap_ladder(root: Section) -> tuple[int, ...]:
    """Rising percentages, the last one 100."""
    steps = root.wholes("cap_ladder_percent")
    rising = all(low < high for low, high in zip((0, *steps), steps, strict=False))
    if steps and not (rising and steps[-1] == _FULL_PERCENT):
        root.reject("cap_ladder_percent", f"expected rising steps above 0 that end at 100, got {list(steps)}")
    return steps


def cost_model(section: Section) -> CostModel:
    price, sizes, months = section.within("storage", _storage)
    low, high = section.within("timestamp_authority", _price_range)
    return CostModel(
        storage_gb_month_microcents=price,
        storage_bytes=sizes,
        storage_months=months,
        timestamp_low_microcents=low,
        timestamp_high_microcents=high,
        million_requests_microcents=section.usd("requests_per_million"),
        margin_floor_percent=section.whole("margin_floor_percent", 0, 99),
    )


def _event(event_type: EventType, section: Section) -> EventTerms:
    return EventTerms(
        event_type=event_type,
        title=section.text("title"),
        unit=section.text("unit"),
        meter=section.identifier("meter"),
        overage=_overage(section),
    )


def _overage(section: Section) -> Tiers:
    reached = 0

    def tier(each: Section) -> Tier:
        nonlocal reached
        up_to = each.whole_or_infinite("up_to", reached + 1, _MOST_UNITS)
        reached = up_to or reached
        return Tier(up_to, each.usd("price"))

    tiers = section.each("overage", tier)
    for index, found in enumerate(tiers, start=1):
        if (found.up_to is None) != (index == len(tiers)):
            section.reject(f"overage[{index - 1}].up_to", "expected inf in the last tier and nowhere else")
    return tiers


def _plan(plan: Plan, section: Section) -> PlanTerms:
    return PlanTerms(
        plan=plan,
        title=section.text("title"),
        monthly_price_microcents=section.usd("monthly_price"),
        included=section.within("included", _units),
        calls_per_minute=section.whole("calls_per_minute", 1, 1_000_000),
        domains=section.whole("domains", 1, 1_000_000),
        daily_cost_cap_microcents=section.usd("daily_cost_cap", low=MICROCENTS_PER_CENT),
    )


def _units(section: Section) -> Mapping[EventType, int]:
    return MappingProxyType({each: section.whole(each, 0, _MOST_UNITS) for each in EventType})


def _caps(section: Section) -> Mapping[EventType, int]:
    capped = [each for each in EventType if section.has(each)]
    return MappingProxyType({each: section.whole(each, 1, _MOST_UNITS) for each in capped})


def _storage(section: Section) -> tuple[int, Mapping[EventType, int], int]:
    price, sizes = section.usd("price_per_gb_month"), section.within("bytes_per_unit", _units)
    return price, sizes, section.whole("months_kept", 1, 1_200)


def _price_range(section: Section) -> tuple[int, int]:
    low = section.usd("low")
    return low, section.usd("high", low=low)
