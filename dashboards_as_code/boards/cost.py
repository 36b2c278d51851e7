"""The cost board: what serving costs, who causes it, what it earns, and what watching it costs."""

from dashboards_as_code import queries
from dashboards_as_code.boards import billing_panels, metering_panels, slo_panels, telemetry_panels
from dashboards_as_code.boards.variables import targets
from dashboards_as_code.model import Board, Panel, Query, Row, Unit
from dashboards_as_code.sources import Sources
from service.telemetry.registry import Registry

OBJECTIVES = ("tenant-cost-budget",)


def board(sources: Sources) -> Board:
    """Money first, then whether Stripe agrees, then the telemetry's own price."""
    registry = sources.registry
    return Board(
        uid="cost",
        title="Cost",
        description="What serving costs by component and tenant, what usage earns, and what the telemetry costs.",
        tags=("billing", "cost"),
        variables=targets(registry),
        rows=(
            billing_panels.money(registry),
            Row(
                "Margin and tenants",
                (_margin(registry), telemetry_panels.top_costs(registry.metric(queries.TOP_COSTS))),
            ),
            *(row for entry in sources.named(OBJECTIVES) for row in slo_panels.rows(entry)),
            metering_panels.delivery(registry),
            metering_panels.keeping(registry),
            _telemetry(registry),
        ),
    )


def _margin(registry: Registry) -> Panel:
    earned, spent = registry.metric(queries.REVENUE), registry.metric(queries.COST)
    return Panel(
        title="Usage margin an hour",
        description="Usage revenue at list price less the cost to serve. Below 0 where only trials are served.",
        unit=Unit.DOLLARS,
        queries=(Query(queries.difference_an_hour(earned, spent), "margin"),),
    )


def _telemetry(registry: Registry) -> Row:
    sent, requests = registry.metric(queries.TELEMETRY_EXPORTED), registry.metric(queries.REQUESTS)
    weight = Panel(
        title="Telemetry a request",
        description="Bytes of telemetry that the Collector took, before compression, for each answered request.",
        unit=Unit.BYTES,
        queries=(Query(queries.a_request(sent, requests), "telemetry"),),
    )
    return Row("Telemetry", (weight, telemetry_panels.exported(sent)))
