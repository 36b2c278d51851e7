"""The panels of one SLO: its alerts, its budget, and how fast that burns."""

from collections.abc import Iterator
from decimal import Decimal

from dashboards_as_code import links, queries
from dashboards_as_code.model import Kind, Link, Palette, Panel, Query, Row, Threshold, Unit
from dashboards_as_code.sources import GuardedSlo
from slo import names
from slo.model import Pair, Severity, Slo, Window, plain
from slo.rules import recorded_windows

LOW_BUDGET_RATIO = Decimal("0.25")


def runbook(slo: Slo) -> Link:
    """What to do when the SLO's alerts fire."""
    return links.runbook(slo.runbook or names.runbook(slo.name))


def board_uid(slo: Slo) -> str:
    """The uid of the SLO's own board."""
    return f"slo-{slo.name}"


def alert_states(entry: GuardedSlo) -> Panel:
    slo, policy = entry.slo, entry.policy
    burns = [Query(queries.burn_alert_state(slo, pair), f"{pair.severity} {pair.name}") for pair in policy.pairs]
    urgency = Severity.PAGE if policy.pages else Severity.TICKET
    return Panel(
        title=f"{slo.title}: alerts",
        description="State of each alert of the SLO: one line for each pair of windows, one for lost telemetry.",
        unit=Unit.STATE,
        kind=Kind.STATES,
        queries=(*burns, Query(queries.absence_alert_state(slo), f"{urgency} telemetry absent")),
        links=(runbook(slo), links.board(board_uid(slo), "Everything about this objective")),
    )


def budget_remaining(slo: Slo) -> Panel:
    return Panel(
        title=f"{slo.title}: error budget remaining",
        description=f"Share of the error budget of {slo.objective.period} that is left; below 0 the SLO is missed.",
        unit=Unit.RATIO,
        kind=Kind.VALUE,
        queries=(Query(queries.budget_remaining(slo), "remaining"),),
        thresholds=(
            Threshold("page", None),
            Threshold("ticket", Decimal(0)),
            Threshold("good", LOW_BUDGET_RATIO),
        ),
    )


def indicator(entry: GuardedSlo) -> Panel:
    slo, shortest = entry.slo, _shortest(entry)
    return Panel(
        title=f"{slo.title}: indicator",
        description=f"Share of good {slo.unit} over {shortest.text}, and the objective. Below it the budget shrinks.",
        unit=Unit.RATIO,
        queries=(
            Query(queries.indicator(slo, shortest), shortest.text),
            Query(queries.objective(slo), "objective"),
        ),
    )


def burndown(slo: Slo) -> Panel:
    return Panel(
        title=f"{slo.title}: error budget burndown",
        description=f"Share of the error budget of {slo.objective.period} that was left at each moment.",
        unit=Unit.RATIO,
        queries=(Query(queries.budget_remaining(slo), "remaining"),),
    )


def budget_time(slo: Slo) -> Panel:
    return Panel(
        title=f"{slo.title}: outage that the budget affords",
        description="For how long everything may fail until the error budget is gone; below 0 it is overdrawn.",
        unit=Unit.SECONDS,
        kind=Kind.VALUE,
        queries=(Query(queries.budget_remaining_seconds(slo), "left"),),
        thresholds=(Threshold("page", None), Threshold("good", Decimal(0))),
    )


def exhaustion(entry: GuardedSlo) -> Panel:
    slo = entry.slo
    windows = sorted({pair.long for pair in entry.policy.pairs}, key=lambda window: window.seconds)
    return Panel(
        title=f"{slo.title}: time to exhaustion",
        description=f"How long the budget lasts at the pace of each window, at most the {slo.objective.period} of it.",
        unit=Unit.SECONDS,
        queries=tuple(Query(queries.seconds_to_exhaustion(slo, window), window.text) for window in windows),
    )


def rows(entry: GuardedSlo) -> Iterator[Row]:
    """All that is known of one SLO: where it stands, how its budget shrinks, and how fast."""
    slo, pairs = entry.slo, entry.policy.pairs
    yield Row(slo.title, (alert_states(entry), indicator(entry), error_ratios(entry)))
    budget = (budget_remaining(slo), budget_time(slo), burndown(slo), exhaustion(entry))
    yield Row(f"{slo.title}: error budget", budget)
    yield Row(f"{slo.title}: burn rates", tuple(burn_rates(slo, pair) for pair in pairs))


def standing(entry: GuardedSlo) -> Row:
    """One SLO on one line."""
    panels = (alert_states(entry), indicator(entry), burndown(entry.slo))
    return Row(entry.slo.title, panels)


def _shortest(entry: GuardedSlo) -> Window:
    return min(recorded_windows(entry.slo, entry.policy), key=lambda window: window.seconds)


def error_ratios(entry: GuardedSlo) -> Panel:
    slo, windows = entry.slo, recorded_windows(entry.slo, entry.policy)
    return Panel(
        title=f"{slo.title}: error ratio by window",
        description=f"Share of bad requests over each window, and the share that {plain(slo.objective.target)} allows.",
        unit=Unit.RATIO,
        queries=(
            *(Query(queries.error_ratio(slo, window), window.text) for window in windows),
            Query(queries.allowed_error_ratio(slo), "allowed"),
        ),
        palette=Palette.ERROR_BUDGET,
    )


def burn_rates(slo: Slo, pair: Pair) -> Panel:
    return Panel(
        title=f"{slo.title}: burn rate {pair.name}",
        description=(
            f"Budget spent as a multiple of the even pace. While both windows are above {plain(pair.burn_rate)} "
            f"the {pair.severity} of {pair.name} fires; the short one lets it resolve soon after the end."
        ),
        unit=Unit.COUNT,
        queries=tuple(Query(queries.burn_rate(slo, window), window.text) for window in (pair.long, pair.short)),
        thresholds=(Threshold("good", None), Threshold(pair.severity, pair.burn_rate)),
    )
