"""What reported usage says in metrics: outcomes of events, steps of the cost cap, and the C2PA facts of new events."""

from collections.abc import Iterable

from service.domain.usage import Outcome, Rejection, UsageEvent
from service.ledger.ingest import Taken
from service.telemetry.instruments import Instruments

_UNKNOWN_EVENT_TYPE = "_OTHER"

Result = tuple[UsageEvent | Rejection, Taken]


def record_usage(instruments: Instruments, results: Iterable[Result], steps_crossed: Iterable[int]) -> None:
    """Count every event by its outcome, and the facts only of those that were not counted before."""
    for event, taken in results:
        event_type = event.event_type or _UNKNOWN_EVENT_TYPE
        labels = {"billing.usage.event_type": event_type, "billing.usage.outcome": taken.outcome.value}
        instruments.usage_events.add(1, labels)
        if isinstance(event, UsageEvent) and taken.outcome is Outcome.ACCEPTED:
            _record_facts(instruments, event)
    for percent in steps_crossed:
        instruments.cost_cap_steps.add(1, {"billing.cost_cap.step": str(percent)})


def _record_facts(instruments: Instruments, event: UsageEvent) -> None:
    facts = event.facts()
    discovery = {"c2pa.discovery": facts.discovery.value}
    if facts.verification is not None:
        instruments.verify_results.add(event.value, {**discovery, "c2pa.verify.outcome": facts.verification.value})
    if facts.duration_seconds is not None:
        instruments.operation_duration.record(
            facts.duration_seconds, {**discovery, "c2pa.operation": facts.operation.value}
        )
