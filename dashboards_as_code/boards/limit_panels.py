"""The panels of what the service refuses: requests beyond their quotas, and requests beyond its own capacity."""

from dashboards_as_code import queries
from dashboards_as_code.model import Panel, Query, Row, Unit
from service.telemetry.registry import Metric, Registry


def rows(registry: Registry) -> tuple[Row, ...]:
    return (limits(registry), overload(registry))


def limits(registry: Registry) -> Row:
    decisions = registry.metric(queries.RATE_LIMITS)
    outcomes = _per_second(
        decisions,
        queries.RATE_LIMIT_OUTCOME,
        "Rate limit decisions",
        "Decisions a second. Those that end in locally were taken by one process for itself, as Redis did not answer.",
    )
    limiters = _per_second(
        decisions,
        queries.RATE_LIMITER,
        "Rate limit decisions by limiter",
        "Decisions a second, by whose quota it is: of a tenant, a key, an address, or of a strict one.",
    )
    return Row("Rate limits", (outcomes, limiters))


def overload(registry: Registry) -> Row:
    shed = _per_second(
        registry.metric(queries.SHED),
        queries.SHED_PRIORITY,
        "Requests shed",
        "Requests refused at once a second, as the process had more to do than it can.",
    )
    limit = Panel(
        title="Concurrency limit",
        description="Requests that a process serves at the same time before it sheds more, the most of any.",
        unit=Unit.COUNT,
        queries=(Query(queries.current_maximum(registry.metric(queries.CONCURRENCY_LIMIT)), "requests"),),
    )
    delay = Panel(
        title="Process delay",
        description="Time that work waits for a process, the shortest of the last tenth of a second.",
        unit=Unit.SECONDS,
        queries=(Query(queries.current_maximum(registry.metric(queries.PROCESS_DELAY)), "longest"),),
    )
    return Row("Overload", (shed, limit, delay))


def _per_second(metric: Metric, attribute: str, title: str, description: str) -> Panel:
    legend = f"{{{{{queries.label(metric, attribute)}}}}}"
    query = Query(queries.per_second(metric, attribute), legend)
    return Panel(title=title, description=description, unit=Unit.OPERATIONS_PER_SECOND, queries=(query,))
