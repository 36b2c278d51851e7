"""The panels of where time goes: every case by its duration, and the parts of a request."""

from dashboards_as_code import links, queries
from dashboards_as_code.model import Kind, Link, Panel, Query, Row, Unit
from service.telemetry.registry import Metric, Registry


def rows(registry: Registry) -> tuple[Row, ...]:
    """The distributions first, then what a request consists of."""
    slow = links.slow_traces(registry.slow_seconds)
    redis, c2pa = registry.metric(queries.REDIS), registry.metric(queries.C2PA_DURATION)
    requests = heatmap(
        registry.metric(queries.HTTP_SERVER),
        "Requests by duration",
        "Requests a second by how long they took. A dot is one request; it opens its trace.",
        slow,
    )
    ledger = heatmap(redis, "Redis operations by duration", "Ledger operations a second by how long they took.", slow)
    operations = heatmap(
        c2pa,
        "C2PA operations by duration",
        "C2PA operations a second by how long they took, as clients reported it.",
        slow,
    )
    return Row("Distributions", (requests, ledger, operations)), Row("Parts of a request", (by_dependency(registry),))


def heatmap(metric: Metric, title: str, description: str, slow: Link) -> Panel:
    return Panel(
        title=title,
        description=description,
        unit=Unit.SECONDS,
        kind=Kind.HEATMAP,
        queries=(Query(queries.buckets_per_second(metric), f"{{{{{queries.BUCKET_BOUND}}}}}", exemplars=True),),
        links=(slow,),
    )


def by_dependency(registry: Registry) -> Panel:
    requests = registry.metric(queries.REQUESTS)
    parts = {"Redis": queries.REDIS, "Stripe": queries.STRIPE}
    return Panel(
        title="Time a request, by dependency",
        description=(
            "Mean time that Redis, Stripe and the wait for a ledger commit took for each answered request, calls "
            "of the worker included; and how long a request took in all."
        ),
        unit=Unit.SECONDS,
        queries=(
            *(Query(queries.seconds_a_request(registry.metric(each), requests), name) for name, each in parts.items()),
            Query(queries.waiting_seconds_a_request(registry.metric(queries.COMMIT_QUEUE), requests), "queue"),
            Query(queries.seconds_a_request(registry.metric(queries.HTTP_SERVER), requests), "request"),
        ),
    )
