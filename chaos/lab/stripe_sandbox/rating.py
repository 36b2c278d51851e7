"""What a quantity costs: per unit, or by graduated or volume tiers. Pure; exact decimals until a line is rounded."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Tier:
    """Units up to and including `up_to` (None: no bound), each at `unit_cents`, and a flat fee once it is entered."""

    up_to: int | None
    unit_cents: Decimal
    flat_cents: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Charge:
    """One line to be: a quantity at a price, or a flat fee (quantity 0)."""

    quantity: int
    unit_cents: Decimal
    exact_cents: Decimal
    label: str = ""

    def cents(self, share: Fraction = Fraction(1)) -> int:
        """The line's amount: that share of it in whole cents, half rounded away from zero."""
        return rounded(Fraction(self.exact_cents) * share)


def rounded(cents: Fraction) -> int:
    """Whole cents, half rounded away from zero."""
    sign = -1 if cents < 0 else 1
    return sign * int((abs(cents) + Fraction(1, 2)) // 1)


def per_unit(quantity: int, unit_cents: Decimal) -> list[Charge]:
    """One charge for all units."""
    return [Charge(quantity, unit_cents, quantity * unit_cents)]


def graduated(quantity: int, tiers: Sequence[Tier]) -> list[Charge]:
    """A charge for each tier that holds units; the first tier's flat fee is due even without a unit."""
    charges: list[Charge] = []
    below = 0
    for number, tier in enumerate(tiers, 1):
        top = quantity if tier.up_to is None else min(quantity, tier.up_to)
        if top <= below and number > 1:
            break
        charges += _tier_charges(top - below, tier, f"Tier {number}")
        below = top
    return charges


def volume(quantity: int, tiers: Sequence[Tier]) -> list[Charge]:
    """All units at the price of the tier that the quantity falls into."""
    for number, tier in enumerate(tiers, 1):
        if tier.up_to is None or quantity <= tier.up_to:
            return _tier_charges(quantity, tier, f"Tier {number}")
    raise ValueError("tiers: no tier without a bound; expected the last one to be such")


def exact_total(charges: Sequence[Charge]) -> Decimal:
    """All charges together, before rounding."""
    return sum((charge.exact_cents for charge in charges), ZERO)


def _tier_charges(quantity: int, tier: Tier, label: str) -> list[Charge]:
    units = Charge(quantity, tier.unit_cents, quantity * tier.unit_cents, label)
    if not tier.flat_cents:
        return [units]
    return [units, Charge(0, tier.flat_cents, tier.flat_cents, f"{label} flat fee")]
