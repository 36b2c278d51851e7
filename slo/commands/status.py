"""`slo status`: where each SLO stands now, by a running Prometheus."""

import argparse
import json
from dataclasses import asdict

from slo import shown
from slo.commands import arguments, live
from slo.guarded import load_guarded
from slo.measured import Telemetry
from slo.standing import Standing, standings

_HEADINGS = ("SLO", "objective", "SLI", "budget left", "burn rates", "exhausted in", "alerts", "telemetry")


def configure(parser: argparse.ArgumentParser) -> None:
    """Which documents, which Prometheus, when."""
    live.add_prometheus(parser)
    live.add_at(parser)
    arguments.add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Print one row for each SLO and group; 0 whatever it says: `slo gate` judges."""
    found = standings(load_guarded(arguments.specs(options)), live.moment(options))
    print(to_json(found) if options.output == "json" else to_table(found))
    return 0


def to_json(found: list[Standing]) -> str:
    """A JSON list of objects, null for what nobody measured."""
    rows = [
        {**asdict(one), "burns": [{**asdict(burn), "burning": burn.burning} for burn in one.burns]} for one in found
    ]
    return json.dumps(rows, indent=2)


def to_table(found: list[Standing]) -> str:
    """Aligned columns for a terminal."""
    return shown.table(_HEADINGS, (_cells(one) for one in found))


def _cells(one: Standing) -> tuple[str, ...]:
    return (
        f"{one.slo} {{{one.group}}}" if one.group else one.slo,
        f"{shown.share(one.objective)} over {one.period}",
        shown.share(one.sli_ratio),
        _budget(one),
        " ".join(f"{window}={_rate(rate)}" for window, rate in one.burn_rates.items()),
        _exhausted(one),
        ", ".join(f"{burn.severity} {burn.short}@{burn.long}" for burn in one.burns if burn.burning) or "none",
        _telemetry(one),
    )


def _budget(one: Standing) -> str:
    if one.budget_remaining_ratio is None or one.budget_remaining_minutes is None:
        return "no data"
    return f"{one.budget_remaining_ratio * 100:.2f} % = {one.budget_remaining_minutes:.1f} min"


def _rate(rate: float | None) -> str:
    return "?" if rate is None else f"{rate:.3g}"


def _exhausted(one: Standing) -> str:
    if one.budget_remaining_ratio is None:
        return "no data"
    if one.budget_remaining_ratio <= 0:
        return "exhausted"
    return f"{shown.brief(one.exhaustion_seconds)} ({one.exhaustion_window} pace)"


def _telemetry(one: Standing) -> str:
    if one.telemetry is Telemetry.ABSENT:
        return "ABSENT: nothing counts requests now"
    if one.telemetry is Telemetry.IDLE:
        return f"IDLE: no request in {one.period}"
    full = "" if one.history_ratio >= 0.99 else f", history {one.history_ratio:.0%} of {one.period}"
    return f"{one.source}{full}"
