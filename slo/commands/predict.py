"""`slo predict`: when each pair fires and resets, and what the budget has lost by then."""

import argparse
import importlib
import sys
from decimal import Decimal
from pathlib import Path

from slo import coverage, forecast
from slo.commands import arguments
from slo.guarded import Guarded, load_guarded

_RATIOS = (Decimal(1), Decimal("0.1"), Decimal("0.01"))


def configure(parser: argparse.ArgumentParser) -> None:
    """Which documents and error ratios, and a picture of them."""
    arguments.add_files(parser)
    arguments.add_output(parser)
    parser.add_argument(
        "--error-ratio", type=arguments.ratio, action="extend", nargs="+", metavar="R", help="default: 1 0.1 0.01"
    )
    parser.add_argument(
        "--events-per-second", type=arguments.positive, metavar="N", help="traffic, for policies with a guard"
    )
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw it over all error ratios: .png or .svg")


def run(options: argparse.Namespace) -> int:
    """Print one row for each SLO, pair and error ratio; what the policy does not see goes to standard error."""
    guarded = load_guarded(arguments.specs(options))
    if options.picture:
        _draw(guarded, options.picture)
    rows = forecast.predictions(guarded, options.error_ratio or _RATIOS, options.events_per_second)
    print(forecast.to_json(rows) if options.output == "json" else forecast.to_table(rows))
    for line in coverage.lint(guarded):
        print(f"slo predict: note: {line}", file=sys.stderr)
    return 0


def _draw(guarded: list[Guarded], picture: Path) -> None:
    """Drawing is loaded only here, as it takes longer to load than all the rest takes to run."""
    chart = importlib.import_module("slo.chart")
    chart.save(importlib.import_module("slo.forecast_picture").draw(guarded), picture)
