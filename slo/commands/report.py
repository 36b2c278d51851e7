"""`slo report`: how the SLOs fared over a month or a quarter."""

import argparse
import json
import sys
from pathlib import Path

from slo import shown
from slo.commands import arguments, live
from slo.errors import SloError
from slo.guarded import load_guarded
from slo.report import period as periods
from slo.report.account import Account
from slo.report.collect import accounts
from slo.report.facts import facts, text
from slo.report.period import ReportPeriod
from slo.report.write import write

REPORTS = Path("var/slo-report")


def configure(parser: argparse.ArgumentParser) -> None:
    """Which documents, which Prometheus, which period, where to."""
    live.add_prometheus(parser)
    live.add_at(parser)
    arguments.add_output(parser)
    parser.add_argument("--period", metavar="P", help="2026-10 or 2026-Q4; default: this month")
    parser.add_argument("--from", dest="start", type=live.instant, metavar="TIME", help="in place of --period")
    parser.add_argument("--to", dest="end", type=live.instant, metavar="TIME", help="default: now")
    parser.add_argument("--out", type=Path, metavar="DIR", help=f"default: {REPORTS}/PERIOD")


def run(options: argparse.Namespace) -> int:
    """Write the pages and print a summary; 0 whatever they say."""
    guarded = load_guarded(arguments.specs(options))
    prometheus = live.prometheus(options)
    period = _period(options, options.at or prometheus.now())
    found = [account for entry in guarded for account in accounts(entry.slo, prometheus, period, options.scale, _said)]
    written = write(options.out or REPORTS / period.file_name, found, period)
    if options.output == "json":
        print(json.dumps([facts(account, period) for account in found], indent=2))
    else:
        print("\n".join([_table(found), *map(str, written)]))
    return 0


def _period(options: argparse.Namespace, now: float) -> ReportPeriod:
    if options.period and (options.start or options.end):
        raise SloError("--period: expected either it or --from and --to")
    try:
        if options.start:
            end = options.end or now
            return periods.between(f"{text(options.start)} to {text(end)}", options.start, end, now)
        return periods.named(options.period, now) if options.period else periods.current(now)
    except ValueError as error:
        raise SloError(f"--period: {error}") from error


def _said(what: str) -> None:
    print(f"slo report: {what}", file=sys.stderr)


def _table(found: list[Account]) -> str:
    headings = ("SLO", "objective", "SLI", "budget spent", "requests", "errors", "alerts", "objective was")
    return shown.table(headings, [_cells(account) for account in found])


def _cells(account: Account) -> tuple[str, ...]:
    return (
        account.name,
        shown.share(float(account.slo.objective.target)),
        shown.share(account.sli_ratio),
        shown.share(account.budget_spent_ratio),
        f"{account.requests:,.0f}",
        f"{account.errors:,.0f}",
        str(len(account.alerts)),
        account.verdict,
    )
