"""What usage brings and what serving it costs, in metrics: US dollars, by plan, type, component, tenant."""

from collections import Counter
from collections.abc import Iterable

from service.domain.catalog_terms import CostModel
from service.domain.cost import CostBreakdown, accrue, accrue_request
from service.domain.money import MICROCENTS_PER_USD
from service.domain.usage import EventType, Outcome, UsageEvent
from service.ledger.ingest import Intake
from service.telemetry.instruments import Instruments
from service.top_costs import TopCosts
from service.usage_metrics import Result

_REQUESTS = {"billing.cost.component": "requests"}


def record_accrual(
    instruments: Instruments, top: TopCosts, model: CostModel, tenant_id: str, intake: Intake, results: Iterable[Result]
) -> None:
    """Add what one report's accepted events bring, and what they cost beside the request itself."""
    for event_type, amount in intake.accrued_microcents.items():
        labels = {"billing.plan": intake.plan.value, "billing.usage.event_type": event_type.value}
        instruments.accrued_revenue.add(amount / MICROCENTS_PER_USD, labels)
    served: Counter[EventType] = Counter()
    for event, taken in results:
        if isinstance(event, UsageEvent) and taken.outcome is Outcome.ACCEPTED:
            served[event.event_type] += event.value
    _add(instruments, top, tenant_id, accrue(model, served, requests=0))


def record_request_cost(instruments: Instruments, top: TopCosts, model: CostModel, tenant_id: str) -> None:
    """Add what answering one request of a tenant's costs."""
    amount = accrue_request(model)
    instruments.accrued_cost.add(amount / MICROCENTS_PER_USD, _REQUESTS)
    top.add(tenant_id, float(amount))


def _add(instruments: Instruments, top: TopCosts, tenant_id: str, cost: CostBreakdown) -> None:
    amounts = {
        "storage": cost.storage_microcents,
        "timestamp_authority": cost.timestamp_authority_microcents,
        "requests": cost.requests_microcents,
    }
    for component, amount in amounts.items():
        if amount:
            instruments.accrued_cost.add(amount / MICROCENTS_PER_USD, {"billing.cost.component": component})
            top.add(tenant_id, float(amount))
