"""The panels of a GameDay itself: where it stands, what it reached in which time, and how earlier runs went."""

from dashboards_as_code import queries
from dashboards_as_code.model import Kind, Panel, Query, Row, Unit
from service.telemetry.registry import Metric, Registry


def rows(gameday: Registry) -> tuple[Row, ...]:
    """The run as it goes, then what it is compared with."""
    return (
        Row("The run", (phases(gameday), marks(gameday), expected(gameday))),
        Row("Detect, mitigate, recover", (steps(gameday), history(gameday))),
    )


def phases(gameday: Registry) -> Panel:
    return Panel(
        title="Phase of the run",
        description="1 for the phase that the run is in: idle, fault, paged, mitigated, recovered.",
        unit=Unit.STATE,
        kind=Kind.STACK,
        queries=(_by(gameday.metric(queries.GAMEDAY_PHASE)),),
    )


def marks(gameday: Registry) -> Panel:
    return Panel(
        title="Marks after the fault",
        description="Time from the fault to each mark, of this run or else of the last one; 0 for what did not happen.",
        unit=Unit.SECONDS,
        queries=(_by(gameday.metric(queries.GAMEDAY_MARK)),),
    )


def expected(gameday: Registry) -> Panel:
    metric = gameday.metric(queries.GAMEDAY_EXPECTED)
    return Panel(
        title="Expected and fired alerts",
        description="1 for each alert that an experiment expects, and for each that fires; others are forbidden.",
        unit=Unit.STATE,
        queries=(
            Query(queries.of_gameday(metric), f"expected {{{{{queries.ALERT_NAME}}}}}"),
            Query(queries.fired(metric), f"fired {{{{{queries.ALERT_NAME}}}}}"),
        ),
    )


def steps(gameday: Registry) -> Panel:
    step, target = gameday.metric(queries.GAMEDAY_STEP), gameday.metric(queries.GAMEDAY_TARGET)
    return Panel(
        title="Steps against their targets",
        description="Time from the fault until it was detected, mitigated, recovered from, and what the run grants.",
        unit=Unit.SECONDS,
        queries=(
            Query(queries.of_gameday(step), "{{gameday_step}}"),
            Query(queries.of_gameday(target), "{{gameday_step}}, at most"),
        ),
    )


def history(gameday: Registry) -> Panel:
    return Panel(
        title="MTTD and MTTR of the last runs",
        description="Time to detect and to recover in the runs whose folders lie beside this one.",
        unit=Unit.SECONDS,
        queries=(
            Query(queries.of_gameday(gameday.metric(queries.GAMEDAY_HISTORY)), "{{gameday_figure}} {{gameday_run}}"),
        ),
    )


def _by(metric: Metric) -> Query:
    (attribute,) = metric.attributes
    return Query(queries.of_gameday(metric), f"{{{{{queries.label(metric, attribute.name)}}}}}")
