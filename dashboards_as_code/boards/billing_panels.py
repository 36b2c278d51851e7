"""The panels of billing: what protects the calls to Stripe, its webhooks, the caps, and the content credentials."""

from decimal import Decimal

from dashboards_as_code import queries
from dashboards_as_code.model import Kind, Panel, Query, Row, Unit
from service.telemetry.registry import Metric, Registry
from slo.model import plain

LATENCY_SHARE = Decimal("0.95")


def rows(registry: Registry) -> tuple[Row, ...]:
    """One row for each concern."""
    return (stripe_protection(registry), webhooks(registry), money(registry), content_credentials(registry))


def stripe_protection(registry: Registry) -> Row:
    retries = _counted(
        registry.metric(queries.STRIPE_RETRIES),
        queries.RETRY_OUTCOME,
        "Stripe retries",
        "Calls to Stripe that were worth another try a second. Without budget for it, they fail at once.",
        Unit.OPERATIONS_PER_SECOND,
    )
    replays = _counted(
        registry.metric(queries.STRIPE_REPLAYS),
        queries.STRIPE_PATH,
        "Stripe idempotent replays",
        "Answers a second that Stripe gave from its memory: the call had been carried out, its answer was lost.",
        Unit.OPERATIONS_PER_SECOND,
    )
    state = registry.metric(queries.STRIPE_BREAKERS)
    breakers = Panel(
        title="Stripe circuit breakers",
        description="Processes by the state of their breaker. While it is open, no call leaves.",
        unit=Unit.COUNT,
        kind=Kind.STACK,
        queries=(_by(state, queries.BREAKER_STATE, queries.current(state, queries.BREAKER_STATE)),),
    )
    openings = Panel(
        title="Stripe breaker openings",
        description="Times a second that a breaker opened after Stripe had been answering.",
        unit=Unit.EVENTS_PER_SECOND,
        queries=(Query(queries.total_per_second(registry.metric(queries.STRIPE_BREAKER_OPENINGS)), "openings"),),
    )
    return Row("Stripe: protection", (retries, replays, breakers, openings))


def webhooks(registry: Registry) -> Row:
    waiting, age = registry.metric(queries.WEBHOOK_QUEUE), registry.metric(queries.WEBHOOK_AGE)
    came = _counted(
        registry.metric(queries.WEBHOOK_EVENTS),
        queries.WEBHOOK_OUTCOME,
        "Webhooks by outcome",
        "Webhooks that came in a second. Rejected ones were not signed by Stripe, or too late.",
        Unit.EVENTS_PER_SECOND,
    )
    done = _counted(
        registry.metric(queries.WEBHOOK_EFFECTS),
        queries.WEBHOOK_EFFECT,
        "Webhook effects",
        "Queued webhooks that a worker dealt with a second. A dead one waits for a person.",
        Unit.EVENTS_PER_SECOND,
    )
    queue = Panel(
        title="Webhook queue",
        description="Webhooks that wait for a worker, and those that were given up.",
        unit=Unit.COUNT,
        queries=(_by(waiting, queries.WEBHOOK_PLACE, queries.current_maximum(waiting, queries.WEBHOOK_PLACE)),),
    )
    oldest = Panel(
        title="Age of the oldest webhook",
        description="Time since the oldest waiting webhook came in; 0 where none waits.",
        unit=Unit.SECONDS,
        queries=(Query(queries.current_maximum(age), "oldest"),),
    )
    return Row("Webhooks", (came, done, queue, oldest))


def money(registry: Registry) -> Row:
    revenue, cost = registry.metric(queries.REVENUE), registry.metric(queries.COST)
    earned = Panel(
        title="Usage revenue an hour, by plan",
        description="What accepted usage adds to the months' charges, at list price. Fees and trials are not in it.",
        unit=Unit.DOLLARS,
        kind=Kind.STACK,
        queries=(_by(revenue, queries.PLAN, queries.per_hour(revenue, queries.PLAN)),),
    )
    spent = Panel(
        title="Cost to serve an hour, by component",
        description="What serving costs by the catalogue's cost model, trials included.",
        unit=Unit.DOLLARS,
        kind=Kind.STACK,
        queries=(_by(cost, queries.COST_COMPONENT, queries.per_hour(cost, queries.COST_COMPONENT)),),
    )
    steps = _counted(
        registry.metric(queries.CAP_STEPS),
        queries.CAP_STEP,
        "Steps of the daily cost cap",
        "Tenants a second that reached a step of the ladder, in percent of their plan's cap.",
        Unit.EVENTS_PER_SECOND,
    )
    return Row("Money", (earned, spent, steps))


def content_credentials(registry: Registry) -> Row:
    results, duration = registry.metric(queries.VERIFICATIONS), registry.metric(queries.C2PA_DURATION)
    survival = Panel(
        title="Content-credential survival",
        description="Share of the verifications that still found their content credential, by where it was looked for.",
        unit=Unit.RATIO,
        queries=(_by(results, queries.DISCOVERY, queries.survival(results)),),
    )
    share = plain(LATENCY_SHARE * 100)
    slowest = queries.quantile_of_rare(duration, LATENCY_SHARE, queries.C2PA_OPERATION)
    latency = Panel(
        title=f"C2PA operation latency, p{share}",
        description=f"Time within which {share} % of the operations ended, as clients reported it.",
        unit=Unit.SECONDS,
        queries=(_by(duration, queries.C2PA_OPERATION, slowest),),
    )
    return Row("Content credentials", (survival, latency))


def _counted(metric: Metric, by: str, title: str, description: str, unit: Unit) -> Panel:
    """A counter by one of its attributes."""
    return Panel(title, description, unit, (_by(metric, by, queries.per_second(metric, by)),), Kind.STACK)


def _by(metric: Metric, attribute: str, expr: str) -> Query:
    return Query(expr, f"{{{{{queries.label(metric, attribute)}}}}}")
