"""The panels of the service: requests, and what they need of Redis, Stripe and the usage ledger."""

from decimal import Decimal

from dashboards_as_code import links, queries
from dashboards_as_code.model import Kind, Palette, Panel, Query, Unit
from service.telemetry.registry import Metric
from slo.model import plain

LATENCY_SHARES = (Decimal("0.5"), Decimal("0.95"), Decimal("0.99"))
# Bounds that are no whole number: exporters disagree on whether the label of those is "1" or "1.0".
LATENCY_BOUNDS_SECONDS = (Decimal("0.05"), Decimal("0.1"), Decimal("0.25"), Decimal("0.5"))


def by_status(metric: Metric) -> Panel:
    return Panel(
        title="Requests by status class",
        description="Requests answered a second, by the first digit of their status. 5xx spends the error budget.",
        unit=Unit.REQUESTS_PER_SECOND,
        kind=Kind.STACK,
        queries=(Query(queries.per_second_by_status_class(metric), f"{{{{{queries.STATUS_CLASS}}}}}"),),
        palette=Palette.STATUS_CLASS,
    )


def by_outcome(metric: Metric) -> Panel:
    return Panel(
        title="Requests by outcome",
        description="Requests answered a second, as the availability objective counts them.",
        unit=Unit.REQUESTS_PER_SECOND,
        queries=(_by(metric, queries.REQUEST_OUTCOME, queries.per_second(metric, queries.REQUEST_OUTCOME)),),
    )


def bad_share(metric: Metric) -> Panel:
    return Panel(
        title="Error ratio by route",
        description="Share of each route's requests that the availability objective counts as bad.",
        unit=Unit.RATIO,
        queries=(_by(metric, queries.ROUTE, queries.bad_share(metric, queries.ROUTE)),),
    )


def errors_by_type(metric: Metric) -> Panel:
    return Panel(
        title="Failed requests by type",
        description="Requests that failed a second, by the class of the error; none at 0 where none failed.",
        unit=Unit.REQUESTS_PER_SECOND,
        queries=(_by(metric, queries.ERROR, queries.errors_per_second_by_type(metric)),),
    )


def within(metric: Metric) -> Panel:
    return Panel(
        title="Share of requests within a time",
        description="Share of all requests that were answered within each of the histogram's bounds.",
        unit=Unit.RATIO,
        queries=tuple(
            Query(queries.share_within(metric, bound), f"within {plain(bound)} s") for bound in LATENCY_BOUNDS_SECONDS
        ),
    )


def active(metric: Metric) -> Panel:
    return Panel(
        title="Active requests",
        description="Requests that are being served now. They pile up where a dependency is slow.",
        unit=Unit.COUNT,
        queries=(_by(metric, queries.METHOD, queries.current(metric, queries.METHOD)),),
    )


def latency(metric: Metric, share: Decimal) -> Panel:
    return Panel(
        title=f"Request latency, p{plain(share * 100)}",
        description=f"Time within which {plain(share * 100)} % of the requests of each route were answered.",
        unit=Unit.SECONDS,
        queries=(_by(metric, queries.ROUTE, queries.quantile(metric, share, queries.ROUTE), exemplars=True),),
        links=(links.traces_of_route(queries.label(metric, queries.ROUTE)),),
    )


def redis_latency(metric: Metric) -> Panel:
    share = LATENCY_SHARES[-1]
    return Panel(
        title=f"Redis operation latency, p{plain(share * 100)}",
        description=f"Time within which {plain(share * 100)} % of the ledger operations ended, connection included.",
        unit=Unit.SECONDS,
        queries=(_by(metric, queries.OPERATION, queries.quantile(metric, share, queries.OPERATION)),),
    )


def redis_operations(metric: Metric) -> Panel:
    return Panel(
        title="Redis operations",
        description="Ledger operations that ended a second, failed ones included.",
        unit=Unit.OPERATIONS_PER_SECOND,
        queries=(_by(metric, queries.OPERATION, queries.per_second(metric, queries.OPERATION)),),
    )


def redis_errors(metric: Metric) -> Panel:
    return Panel(
        title="Redis errors",
        description="Ledger operations that failed a second. 0 while all succeed; empty only without telemetry.",
        unit=Unit.OPERATIONS_PER_SECOND,
        queries=(_by(metric, queries.OPERATION, queries.errors_per_second(metric, queries.OPERATION)),),
    )


def stripe_latency(metric: Metric) -> Panel:
    share = LATENCY_SHARES[1]
    return Panel(
        title=f"Stripe call latency, p{plain(share * 100)}",
        description=(
            f"Time within which {plain(share * 100)} % of the calls to Stripe ended, retries included. Calls are "
            "rare: where the interval had none, it is over all calls since the start of the service."
        ),
        unit=Unit.SECONDS,
        queries=(_by(metric, queries.STRIPE_PATH, queries.quantile_of_rare(metric, share, queries.STRIPE_PATH)),),
    )


def stripe_calls(metric: Metric) -> Panel:
    return Panel(
        title="Stripe calls",
        description="Calls to Stripe that ended a second, failed ones included.",
        unit=Unit.REQUESTS_PER_SECOND,
        queries=(_by(metric, queries.STRIPE_PATH, queries.per_second(metric, queries.STRIPE_PATH)),),
    )


def stripe_errors(metric: Metric) -> Panel:
    return Panel(
        title="Stripe errors",
        description="Calls to Stripe that failed a second. 0 while all succeed; empty only without telemetry.",
        unit=Unit.REQUESTS_PER_SECOND,
        queries=(_by(metric, queries.STRIPE_PATH, queries.errors_per_second(metric, queries.STRIPE_PATH)),),
    )


def usage_by_outcome(metric: Metric) -> Panel:
    return Panel(
        title="Usage events by outcome",
        description="Usage events reported a second, by what became of them. Only accepted ones are billed.",
        unit=Unit.EVENTS_PER_SECOND,
        kind=Kind.STACK,
        queries=(_by(metric, queries.OUTCOME, queries.per_second(metric, queries.OUTCOME)),),
        palette=Palette.OUTCOME,
    )


def usage_by_type(metric: Metric) -> Panel:
    return Panel(
        title="Usage events by type",
        description="Usage events reported a second, by what was used.",
        unit=Unit.EVENTS_PER_SECOND,
        kind=Kind.STACK,
        queries=(_by(metric, queries.EVENT_TYPE, queries.per_second(metric, queries.EVENT_TYPE)),),
    )


def _by(metric: Metric, attribute: str, expr: str, *, exemplars: bool = False) -> Query:
    return Query(expr, f"{{{{{queries.label(metric, attribute)}}}}}", exemplars)
