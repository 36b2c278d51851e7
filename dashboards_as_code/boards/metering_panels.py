"""The panels of usage on its way from the ledger to Stripe and to the archive."""

from dashboards_as_code import queries
from dashboards_as_code.model import Kind, Panel, Query, Row, Unit
from service.telemetry.registry import Metric, Registry


def rows(registry: Registry) -> tuple[Row, ...]:
    """How usage is taken, how it is delivered, and how it is kept."""
    return (commits(registry), delivery(registry), keeping(registry))


def commits(registry: Registry) -> Row:
    size = Panel(
        title="Requests a commit",
        description="Mean number of usage reports that one call of the ledger's script commits together.",
        unit=Unit.COUNT,
        queries=(Query(queries.mean(registry.metric(queries.COMMIT_SIZE)), "requests"),),
    )
    queue = Panel(
        title="Requests that wait for a commit",
        description="Usage reports that wait while an earlier commit of their shard is under way.",
        unit=Unit.COUNT,
        queries=(Query(queries.current_total(registry.metric(queries.COMMIT_QUEUE)), "waiting"),),
    )
    return Row("Ledger commits", (size, queue))


def delivery(registry: Registry) -> Row:
    intents, backlog = registry.metric(queries.INTENTS), registry.metric(queries.INTENT_BACKLOG)
    outcomes = _per_second(
        intents,
        queries.INTENT_OUTCOME,
        "Metering intents",
        "Immutable statements of an hour's usage, made and delivered a second. A dead one waits for a person.",
    )
    waiting = Panel(
        title="Metering backlog",
        description="Intents that are not delivered yet, and those that were given up.",
        unit=Unit.COUNT,
        queries=(_by(backlog, queries.INTENT_PLACE, queries.current_total(backlog, queries.INTENT_PLACE)),),
    )
    age = Panel(
        title="Age of the metering backlog",
        description="Time since the end of the oldest hour whose usage Stripe does not have; 0 where there is none.",
        unit=Unit.SECONDS,
        queries=(Query(queries.current_maximum(registry.metric(queries.INTENT_AGE)), "oldest"),),
    )
    return Row("Usage to Stripe", (outcomes, waiting, age))


def keeping(registry: Registry) -> Row:
    drift = _per_hour(
        registry.metric(queries.DRIFT),
        queries.EVENT_TYPE,
        "Drift from the ledger to Stripe",
        "Units an hour by which Stripe's summaries differ from what was sent, as comparisons find it. Not 0: audit.",
    )
    comparisons = _per_second(
        registry.metric(queries.COMPARISONS),
        queries.COMPARISON,
        "Comparisons with Stripe",
        "Hours compared with Stripe's summaries a second, by whether they agree.",
    )
    shards = Panel(
        title="Owned shards",
        description="Shards that workers own. Fewer than all of them for longer than a lease means usage waits.",
        unit=Unit.COUNT,
        queries=(Query(queries.current_total(registry.metric(queries.SHARDS)), "owned"),),
    )
    archived = Panel(
        title="Archived entries",
        description="Journal entries written to the archive a second.",
        unit=Unit.EVENTS_PER_SECOND,
        queries=(Query(queries.total_per_second(registry.metric(queries.ARCHIVED)), "entries"),),
    )
    lag = Panel(
        title="Archive lag",
        description="Time since the oldest entry was made that is not in the archive.",
        unit=Unit.SECONDS,
        queries=(Query(queries.current_maximum(registry.metric(queries.ARCHIVE_LAG)), "oldest"),),
    )
    return Row("Archive and reconciliation", (archived, lag, comparisons, drift, shards))


def _per_second(metric: Metric, by: str, title: str, description: str) -> Panel:
    return Panel(
        title, description, Unit.EVENTS_PER_SECOND, (_by(metric, by, queries.per_second(metric, by)),), Kind.STACK
    )


def _per_hour(metric: Metric, by: str, title: str, description: str) -> Panel:
    return Panel(title, description, Unit.COUNT, (_by(metric, by, queries.per_hour(metric, by)),))


def _by(metric: Metric, attribute: str, expr: str) -> Query:
    return Query(expr, f"{{{{{queries.label(metric, attribute)}}}}}")
