"""The latency board: how long requests take, where the time goes, and whether the objectives hold."""

from dashboards_as_code import queries
from dashboards_as_code.boards import (
    billing_panels,
    latency_panels,
    limit_panels,
    metering_panels,
    slo_panels,
    telemetry_panels,
)
from dashboards_as_code.boards import service_panels as panels
from dashboards_as_code.boards.variables import targets
from dashboards_as_code.model import Board, Row
from dashboards_as_code.sources import Sources

OBJECTIVES = (
    *("api-latency", "usage-ingest-latency", "verify-latency"),
    *("sign-embedded-latency", "sign-remote-latency", "timestamp-latency"),
)


def board(sources: Sources) -> Board:
    """From the client's wait to the dependency behind it."""
    registry = sources.registry
    http, active = registry.metric(queries.HTTP_SERVER), registry.metric(queries.HTTP_SERVER_ACTIVE)
    redis, stripe = registry.metric(queries.REDIS), registry.metric(queries.STRIPE)
    quantiles = (panels.latency(http, share) for share in panels.LATENCY_SHARES)
    dependencies = (panels.redis_latency(redis), panels.stripe_latency(stripe))
    process = (telemetry_panels.loop_lag(registry.metric(queries.LOOP_LAG)), panels.active(active))
    return Board(
        uid="latency",
        title="Latency",
        description="How long requests and C2PA operations take, and whether Redis, Stripe or the process is why.",
        tags=("billing", "latency"),
        variables=targets(registry),
        rows=(
            Row("Request latency", (panels.within(http), *quantiles)),
            *latency_panels.rows(registry),
            Row("Dependencies and process", (*dependencies, *process)),
            metering_panels.commits(registry),
            limit_panels.overload(registry),
            billing_panels.content_credentials(registry),
            *map(slo_panels.standing, sources.named(OBJECTIVES)),
        ),
    )
