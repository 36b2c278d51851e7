"""What an audit has found, added up shard by shard."""

from dataclasses import dataclass, field

from service.audit.figures import Figures, Place
from service.audit.shard import CounterName, ShardBooks

_TOTALS = ("ledger", "archive", "billed", "unsealed", "sealed", "waiting", "dropped", "sent")


@dataclass(slots=True)
class Findings:
    """Events and counters stand once each. What nobody acknowledged, and what is on its way to Stripe, is no fault.

    `entries` counts everything in the journal, `units` adds up each column of the figures.
    """

    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    unacknowledged: int = 0
    entries: int = 0
    counter_mismatches: list[CounterName] = field(default_factory=list)
    differences: dict[Place, Figures] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_TOTALS, 0))
    stripe: int | None = None

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.counter_mismatches or self.differences)

    def add(self, books: ShardBooks, mismatches: set[CounterName]) -> None:
        self.entries += books.entries
        self.unacknowledged += books.unacknowledged
        self.counter_mismatches += sorted(mismatches)
        for place, figures in sorted(books.figures.items()):
            self._add_figures(place, figures)

    def _add_figures(self, place: Place, figures: Figures) -> None:
        self.lost += figures.lost
        self.doubled += figures.doubled
        for name in _TOTALS:
            self.units[name] += getattr(figures, name)
        if figures.stripe is not None:
            self.stripe = (self.stripe or 0) + figures.stripe
        if figures.differences():
            self.differences[place] = figures
