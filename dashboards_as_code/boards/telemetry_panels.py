"""The panels of the service's telemetry itself: what is kept, what is sent, and what is lost."""

from dashboards_as_code import queries
from dashboards_as_code.boards.service_panels import LATENCY_SHARES
from dashboards_as_code.model import Kind, Panel, Query, Row, Unit
from service.telemetry.registry import Metric, Registry
from slo.model import plain


def rows(registry: Registry) -> tuple[Row, ...]:
    kept = (
        loop_lag(registry.metric(queries.LOOP_LAG)),
        traces(registry.metric(queries.TRACES)),
        exported(registry.metric(queries.TELEMETRY_EXPORTED)),
    )
    lost = (
        dropped(registry.metric(queries.TELEMETRY_DROPPED)),
        overflows(registry.metric(queries.TELEMETRY_OVERFLOWS)),
        top_costs(registry.metric(queries.TOP_COSTS)),
    )
    return Row("Telemetry", kept), Row("Telemetry lost, and who costs most", lost)


def loop_lag(metric: Metric) -> Panel:
    share = LATENCY_SHARES[-1]
    return Panel(
        title=f"Event loop lag, p{plain(share * 100)}",
        description="By how much timers are late. Where it grows, the process has more to do than it can.",
        unit=Unit.SECONDS,
        queries=(Query(queries.quantile_of_all(metric, share), "lag"),),
    )


def traces(metric: Metric) -> Panel:
    return Panel(
        title="Traces by decision",
        description="Traces that ended a second, by why they are kept: all that failed or were slow, and a share.",
        unit=Unit.OPERATIONS_PER_SECOND,
        kind=Kind.STACK,
        queries=(_by(metric, queries.DECISION),),
    )


def exported(metric: Metric) -> Panel:
    return Panel(
        title="Telemetry exported",
        description="Bytes a second that the Collector took, by signal.",
        unit=Unit.COUNT,
        queries=(_by(metric, queries.SIGNAL),),
    )


def dropped(metric: Metric) -> Panel:
    return Panel(
        title="Telemetry dropped",
        description="Spans, log records and collections lost a second, by signal. Not 0: look at the Collector.",
        unit=Unit.EVENTS_PER_SECOND,
        queries=(_by(metric, queries.SIGNAL),),
    )


def overflows(metric: Metric) -> Panel:
    return Panel(
        title="Samples without a series",
        description="Samples a second of metrics that have all the series they may have. Not 0: a label runs wild.",
        unit=Unit.EVENTS_PER_SECOND,
        queries=(_by(metric, queries.MEASURED),),
    )


def top_costs(metric: Metric) -> Panel:
    return Panel(
        title="Cost of the costliest tenants",
        description="US dollars since midnight UTC that serving the top tenants cost, and all the others together.",
        unit=Unit.DOLLARS,
        queries=(
            Query(
                queries.current_total(metric, queries.COST_TENANT),
                f"{{{{{queries.label(metric, queries.COST_TENANT)}}}}}",
            ),
        ),
    )


def _by(metric: Metric, attribute: str) -> Query:
    return Query(queries.per_second(metric, attribute), f"{{{{{queries.label(metric, attribute)}}}}}")
