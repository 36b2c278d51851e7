"""The cost board: what serving costs, who causes it, what it earns, and what watching it costs."""

from decimal import Decimal

from dashboards_as_code import queries
from dashboards_as_code.boards import billing_panels, metering_panels, slo_panels, telemetry_panels
from dashboards_as_code.boards.variables import targets
from dashboards_as_code.model import Board, Panel, Query, Row, Threshold, Unit
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
            Row("Margin", (_margin(registry), _margin_ratio(registry, sources.margin_floor))),
            Row("Today", (_forecast(registry), telemetry_panels.top_costs(registry.metric(queries.TOP_COSTS)))),
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


def _margin_ratio(registry: Registry, floor: Decimal) -> Panel:
    earned, spent = registry.metric(queries.REVENUE), registry.metric(queries.COST)
    return Panel(
        title="Usage margin ratio",
        description=(
            "Share of the usage revenue that the cost to serve leaves over, and the floor of the catalogue. Where an "
            "interval had no revenue, it is over all since the start of the service."
        ),
        unit=Unit.RATIO,
        queries=(Query(queries.margin(earned, spent), "margin"),),
        thresholds=(Threshold("page", None), Threshold("good", floor)),
    )


def _forecast(registry: Registry) -> Panel:
    today, spent = registry.metric(queries.TOP_COSTS), registry.metric(queries.COST)
    return Panel(
        title="Cost of the day, and its forecast",
        description="Cost to serve since midnight UTC, and what it comes to by the next at the present pace.",
        unit=Unit.DOLLARS,
        queries=(
            Query(queries.current_total(today), "so far"),
            Query(queries.forecast_of_day(today, spent), "forecast"),
        ),
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
