"""The panels of where content credentials get lost."""

from dashboards_as_code import queries
from dashboards_as_code.model import Kind, Panel, Query, Row, Unit
from service.telemetry.registry import Metric, Registry


def attribution(registry: Registry) -> Row:
    """Which way of discovery lost them, and what the verifications ended in."""
    results = registry.metric(queries.VERIFICATIONS)
    lost = _by_discovery(
        results,
        queries.MISSING,
        "Lost credentials by discovery",
        "Verifications a second that looked for a content credential and found none, by where they looked.",
    )
    invalid = _by_discovery(
        results,
        queries.INVALID,
        "Invalid credentials by discovery",
        "Verifications a second that found a content credential that does not hold; they count neither way.",
    )
    outcomes = Panel(
        title="Verifications by outcome",
        description="Verifications reported a second, by what they found.",
        unit=Unit.EVENTS_PER_SECOND,
        kind=Kind.STACK,
        queries=(Query(queries.per_second(results, queries.VERIFY_OUTCOME), _legend(results, queries.VERIFY_OUTCOME)),),
    )
    return Row("Attribution", (lost, invalid, outcomes))


def _by_discovery(results: Metric, outcome: str, title: str, description: str) -> Panel:
    expr = queries.of_value(results, queries.VERIFY_OUTCOME, outcome, queries.DISCOVERY)
    return Panel(title, description, Unit.EVENTS_PER_SECOND, (Query(expr, _legend(results, queries.DISCOVERY)),))


def _legend(metric: Metric, attribute: str) -> str:
    return f"{{{{{queries.label(metric, attribute)}}}}}"
