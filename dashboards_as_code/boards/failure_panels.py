"""The panels of what went wrong: whether it was foreseen, what was refused, and what waits for a person."""

from dashboards_as_code import links, queries
from dashboards_as_code.model import Kind, Link, Panel, Query, Row, Unit
from service.telemetry.registry import Registry


def rows(registry: Registry) -> tuple[Row, ...]:
    return (
        Row("Failures as they were met", (handled(registry), log_records(registry))),
        Row("Refused and given up", (refused_webhooks(registry), failed_open(registry), dead_letters(registry))),
    )


def handled(registry: Registry) -> Panel:
    records = registry.metric(queries.LOG_RECORDS)
    names = {"handled": queries.HANDLED, "unhandled": queries.UNHANDLED}
    return Panel(
        title="Failed requests, handled and unhandled",
        description="Requests a second that failed for a foreseen reason, and those that met an error of ours.",
        unit=Unit.REQUESTS_PER_SECOND,
        queries=tuple(
            Query(queries.chosen_per_second(records, queries.EVENT_NAME, event), name) for name, event in names.items()
        ),
        links=(links.FAILED_TRACES,),
    )


def log_records(registry: Registry) -> Panel:
    records = registry.metric(queries.LOG_RECORDS)
    label = queries.label(records, queries.EVENT_NAME)
    found = links.records(f'| {label} = "{links.of_label(label)}"')
    return Panel(
        title="Log records by event",
        description="Log records a second by the name of their event, those of served requests left out.",
        unit=Unit.EVENTS_PER_SECOND,
        kind=Kind.STACK,
        queries=(Query(queries.per_second(records, queries.EVENT_NAME), f"{{{{{label}}}}}"),),
        links=(Link("The records of this event", found),),
    )


def refused_webhooks(registry: Registry) -> Panel:
    events = registry.metric(queries.WEBHOOK_EVENTS)
    label = queries.label(events, queries.WEBHOOK_OUTCOME)
    expr = queries.chosen_per_second(events, queries.WEBHOOK_OUTCOME, *queries.REFUSED_WEBHOOKS)
    return Panel(
        title="Refused webhooks by reason",
        description="Webhooks a second that were not signed by Stripe, signed at another time, or no event.",
        unit=Unit.EVENTS_PER_SECOND,
        queries=(Query(expr, f"{{{{{label}}}}}"),),
    )


def failed_open(registry: Registry) -> Panel:
    decisions = registry.metric(queries.RATE_LIMITS)
    expr = queries.share(decisions, queries.RATE_LIMIT_OUTCOME, *queries.DECIDED_LOCALLY)
    return Panel(
        title="Rate limiter failed open",
        description="Share of the decisions that a process took for itself, as Redis did not answer.",
        unit=Unit.RATIO,
        queries=(Query(expr, "failed open"),),
    )


def dead_letters(registry: Registry) -> Panel:
    intents, webhooks = registry.metric(queries.INTENT_BACKLOG), registry.metric(queries.WEBHOOK_QUEUE)
    return Panel(
        title="Dead letters",
        description="Sums of usage and webhooks that were given up and wait for a person. Not 0: see the runbook.",
        unit=Unit.COUNT,
        queries=(
            Query(queries.chosen_now(intents, queries.INTENT_PLACE, queries.DEAD), "sums of usage"),
            Query(queries.largest_now(webhooks, queries.WEBHOOK_PLACE, queries.DEAD), "webhooks"),
        ),
    )
