"""Which tenants cost most since midnight UTC, in this process; for metrics, which must not name every tenant."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime
from heapq import nlargest

from service.domain.money import MICROCENTS_PER_USD
from service.telemetry.aggregates import Gauge

TOP = 10
OTHER = "other"
MOST_TENANTS = 50_000
"""Beyond so many tenants a day, new ones are counted among the others."""
_TENANT = "billing.cost.tenant"


class TopCosts:
    """Adds up by tenant, and shows the top and the sum of the others."""

    def __init__(self, gauge: Gauge, clock: Callable[[], datetime]) -> None:
        self._gauge = gauge
        self._clock = clock
        self._day: date | None = None
        self._costs: defaultdict[str, float] = defaultdict(float)
        gauge.set(0, {_TENANT: OTHER})

    def add(self, tenant_id: str, microcents: float) -> None:
        known = tenant_id in self._costs or len(self._costs) < MOST_TENANTS
        self._costs[tenant_id if known else OTHER] += microcents

    def refresh(self) -> None:
        """Set the gauge; on a new day everything begins at nothing."""
        today = self._clock().date()
        if today != self._day:
            if self._day is not None:
                self._costs = defaultdict(float)
            self._day = today
        costs = dict(self._costs)
        top = nlargest(TOP, ((cost, tenant) for tenant, cost in costs.items() if tenant != OTHER))
        shown = {tenant: cost / MICROCENTS_PER_USD for cost, tenant in top}
        rest = sum(costs.values()) / MICROCENTS_PER_USD - sum(shown.values())
        self._gauge.replace({**shown, OTHER: max(0.0, rest)}, _TENANT)
