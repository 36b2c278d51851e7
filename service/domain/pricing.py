"""Graduated tiers: each unit costs what the tier that it falls into says. All amounts in micro-cents."""

from collections.abc import Iterator
from dataclasses import dataclass

UNBOUNDED = -1
"""How a flat list of tiers spells that the last tier has no end."""

Tiers = tuple["Tier", ...]
"""Rising `up_to`; the last tier, and only that, is without end."""


@dataclass(frozen=True, slots=True)
class Tier:
    """Holds for the units after the tier before it, up to and including number `up_to`; None is without end."""

    up_to: int | None
    unit_microcents: int


@dataclass(frozen=True, slots=True)
class TierLine:
    """The units that fell into one tier, and what they cost."""

    tier: Tier
    first_unit: int
    units: int

    @property
    def amount_microcents(self) -> int:
        return self.units * self.tier.unit_microcents


def charge(tiers: Tiers, units: int) -> int:
    """Price of `units` from the first one on; raises ValueError for a negative number."""
    return sum(line.amount_microcents for line in tier_lines(tiers, units))


def marginal(tiers: Tiers, before: int, added: int) -> int:
    """Price of `added` further units once `before` were used; negative for a correction downwards."""
    return charge(tiers, before + added) - charge(tiers, before)


def tier_lines(tiers: Tiers, units: int) -> tuple[TierLine, ...]:
    """One line for each tier that has units, in order; raises ValueError for a negative number."""
    if units < 0:
        raise ValueError(f"expected 0 units or more, got {units}")
    return tuple(_lines(tiers, units))


def overage_tiers(included: int, overage: Tiers) -> Tiers:
    """The included units for nothing, then the overage tiers, moved up by as many."""
    free = (Tier(included, 0),) if included else ()
    return free + tuple(
        Tier(None if tier.up_to is None else included + tier.up_to, tier.unit_microcents) for tier in overage
    )


def encode_tiers(tiers: Tiers) -> list[int]:
    """The tiers as a script takes them: [number, up_to, unit_microcents, up_to, unit_microcents, ...].

    The last `up_to` is UNBOUNDED.
    """
    flat = [len(tiers)]
    for tier in tiers:
        flat += [UNBOUNDED if tier.up_to is None else tier.up_to, tier.unit_microcents]
    return flat


def _lines(tiers: Tiers, units: int) -> Iterator[TierLine]:
    reached = 0
    for tier in tiers:
        end = units if tier.up_to is None else min(units, tier.up_to)
        if end > reached:
            yield TierLine(tier, reached + 1, end - reached)
        reached = max(reached, end)
