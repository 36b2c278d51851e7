"""The errors board: what fails, for whom, why, and what was given up."""

from dashboards_as_code import queries
from dashboards_as_code.boards import billing_panels, failure_panels, limit_panels, metering_panels, slo_panels
from dashboards_as_code.boards import service_panels as panels
from dashboards_as_code.boards.variables import targets
from dashboards_as_code.model import Board, Row
from dashboards_as_code.sources import Sources
from service.telemetry.registry import Registry

OBJECTIVES = ("api-availability", "usage-ingest-availability", "webhook-success", "metering-freshness")


def board(sources: Sources) -> Board:
    """From the failed request to what waits for a person."""
    registry = sources.registry
    return Board(
        uid="errors",
        title="Errors",
        description="Which requests fail and why, what Redis and Stripe refuse, and what waits for a person.",
        tags=("billing", "errors"),
        variables=targets(registry),
        rows=(
            _requests(registry),
            *failure_panels.rows(registry),
            _dependencies(registry),
            billing_panels.stripe_protection(registry),
            billing_panels.webhooks(registry),
            metering_panels.delivery(registry),
            *limit_panels.rows(registry),
            *map(slo_panels.standing, sources.named(OBJECTIVES)),
        ),
    )


def _requests(registry: Registry) -> Row:
    http, requests = registry.metric(queries.HTTP_SERVER), registry.metric(queries.REQUESTS)
    return Row("Requests", (panels.bad_share(requests), panels.by_status(http), panels.errors_by_type(http)))


def _dependencies(registry: Registry) -> Row:
    redis, stripe = registry.metric(queries.REDIS), registry.metric(queries.STRIPE)
    usage = registry.metric(queries.USAGE_EVENTS)
    return Row(
        "Dependencies and usage",
        (panels.redis_errors(redis), panels.stripe_errors(stripe), panels.usage_by_outcome(usage)),
    )
