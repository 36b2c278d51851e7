"""Was every acknowledged event billed once? Judged twice: by the service's own audit and by what Stripe holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chaos.lab.durability.stripe_account import Pair


@dataclass(frozen=True, slots=True)
class Difference:
    """What a tenant was billed for an event type, where that is not between the acknowledged and the possible."""

    tenant_id: str
    event_type: str
    least: int
    billed: int
    most: int

    @property
    def missing(self) -> int:
        """Acknowledged units that were not billed."""
        return max(0, self.least - self.billed)

    @property
    def surplus(self) -> int:
        """Billed units that nobody reported, or that were billed again."""
        return max(0, self.billed - self.most)


def differences(
    least: Mapping[Pair, int], billed: Mapping[Pair, int], most: Mapping[Pair, int]
) -> Iterator[Difference]:
    """Every pair of tenant and event type with least <= billed <= most broken, in order."""
    for pair in sorted({*least, *billed, *most}):
        found = Difference(*pair, least.get(pair, 0), billed.get(pair, 0), most.get(pair, 0))
        if found.missing or found.surplus:
            yield found


@dataclass(frozen=True, slots=True)
class Verdict:
    """`lost` and `doubled` are events in the service's audit, `missing` and `surplus` units at Stripe.

    `conflicts` counts answers that took an event for another one of the same id.
    """

    acknowledged: int
    lost: int
    doubled: int
    differences: tuple[Difference, ...]
    audit_clean: bool
    conflicts: int

    @property
    def missing(self) -> int:
        return sum(difference.missing for difference in self.differences)

    @property
    def surplus(self) -> int:
        return sum(difference.surplus for difference in self.differences)

    @property
    def holds(self) -> bool:
        """Something was acknowledged, and both judges find nothing."""
        found = (self.lost, self.doubled, self.differences, self.conflicts)
        return self.acknowledged > 0 and self.audit_clean and not any(found)

    def last_line(self, kills: int, power_losses: int) -> str:
        """The figures that a reader of the output's end wants; of the two judges, the one that found more."""
        lost, doubled = max(self.lost, self.missing), max(self.doubled, self.surplus)
        return (
            f"acknowledged={self.acknowledged} lost={lost} doubled={doubled} kills={kills} power_losses={power_losses}"
        )
