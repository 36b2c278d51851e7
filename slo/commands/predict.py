"""`slo predict`: when each pair fires and resets, and what the budget has lost by then."""

import argparse
from decimal import Decimal

from slo import forecast
from slo.commands import arguments
from slo.guarded import load_guarded

_RATIOS = (Decimal(1), Decimal("0.1"), Decimal("0.01"))


def configure(parser: argparse.ArgumentParser) -> None:
    """Which documents and error ratios."""
    arguments.add_files(parser)
    arguments.add_output(parser)
    parser.add_argument(
        "--error-ratio", type=arguments.ratio, action="extend", nargs="+", metavar="R", help="default: 1 0.1 0.01"
    )


def run(options: argparse.Namespace) -> int:
    """Print one row for each SLO, pair and error ratio."""
    rows = forecast.predictions(load_guarded(arguments.specs(options)), options.error_ratio or _RATIOS)
    print(forecast.to_json(rows) if options.output == "json" else forecast.to_table(rows))
    return 0
