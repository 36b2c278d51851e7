"""The GameDay board: from the page down to the dependency that caused it, in the order in which one asks."""

from collections.abc import Iterator

from dashboards_as_code import queries
from dashboards_as_code.boards import (
    billing_panels,
    gameday_panels,
    limit_panels,
    metering_panels,
    slo_panels,
    telemetry_panels,
)
from dashboards_as_code.boards import service_panels as panels
from dashboards_as_code.boards.variables import targets
from dashboards_as_code.model import Board, Row
from dashboards_as_code.sources import GuardedSlo, Sources
from service.telemetry.registry import Registry

EXPERIMENTED = frozenset({"api-availability"})
"""The SLOs that an experiment is about; a row for each of the others would hide what is asked here."""


def board(sources: Sources) -> Board:
    """The whole board, of every SLO that is put to the test and of every metric."""
    registry = sources.registry
    guarded = tuple(entry for entry in sources.guarded if entry.slo.name in EXPERIMENTED)
    return Board(
        uid="gameday",
        title="GameDay",
        description="Who is paged, how fast the budget burns, and which dependency is behind it.",
        tags=("billing", "gameday", "slo"),
        variables=targets(registry),
        rows=(*gameday_panels.rows(sources.gameday), *slo_rows(guarded), *service_rows(registry)),
    )


def slo_rows(guarded: tuple[GuardedSlo, ...]) -> Iterator[Row]:
    """Two rows for each SLO: where it stands, and how fast its budget burns."""
    for entry in guarded:
        slo, pairs = entry.slo, entry.policy.pairs
        standing = (
            slo_panels.alert_states(entry),
            slo_panels.budget_remaining(slo),
            slo_panels.error_ratios(entry),
        )
        yield Row(slo.title, standing)
        yield Row(f"{slo.title}: burn rates", tuple(slo_panels.burn_rates(slo, pair) for pair in pairs))


def service_rows(registry: Registry) -> tuple[Row, ...]:
    """The service from the outside in."""
    http, active = registry.metric(queries.HTTP_SERVER), registry.metric(queries.HTTP_SERVER_ACTIVE)
    requests = registry.metric(queries.REQUESTS)
    redis, stripe = registry.metric(queries.REDIS), registry.metric(queries.STRIPE)
    usage = registry.metric(queries.USAGE_EVENTS)
    latencies = (panels.latency(http, share) for share in panels.LATENCY_SHARES)
    return (
        Row("Requests", (panels.by_outcome(requests), panels.by_status(http), panels.active(active))),
        Row("Request latency", (panels.within(http), *latencies)),
        Row("Redis", (panels.redis_latency(redis), panels.redis_operations(redis), panels.redis_errors(redis))),
        Row("Stripe", (panels.stripe_latency(stripe), panels.stripe_calls(stripe), panels.stripe_errors(stripe))),
        Row("Usage", (panels.usage_by_outcome(usage), panels.usage_by_type(usage))),
        *limit_panels.rows(registry),
        *metering_panels.rows(registry),
        *billing_panels.rows(registry),
        *telemetry_panels.rows(registry),
    )
