"""The panels of one SLO: its alerts, its budget, and how fast that burns."""

from decimal import Decimal

from dashboards_as_code import queries
from dashboards_as_code.model import Kind, Palette, Panel, Query, Threshold, Unit
from dashboards_as_code.sources import GuardedSlo
from slo.model import Pair, Slo, plain
from slo.rules import recorded_windows

LOW_BUDGET_RATIO = Decimal("0.25")


def alert_states(slo: Slo, pairs: tuple[Pair, ...]) -> Panel:
    burns = [Query(queries.burn_alert_state(slo, pair), f"{pair.severity} {pair.name}") for pair in pairs]
    return Panel(
        title=f"{slo.title}: alerts",
        description="State of each alert of the SLO: one line for each pair of windows, one for lost telemetry.",
        unit=Unit.STATE,
        kind=Kind.STATES,
        queries=(*burns, Query(queries.absence_alert_state(slo), "page telemetry absent")),
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
