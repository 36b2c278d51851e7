"""Command `dashboards`: build the boards, find drift, check that they name and show something, and draw them."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import promql_parser

from dashboards_as_code import boards, output, report, sources
from dashboards_as_code.errors import DashboardError
from dashboards_as_code.live import Question
from dashboards_as_code.preview.command import OUT, Request, preview
from service.telemetry.registry import RegistryError
from slo.errors import SloError

PROMETHEUS = "http://127.0.0.1:9090"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 0 when all is well, 1 for a finding, 2 for a user's mistake, 3 without a Prometheus."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except DashboardError as error:
        return _say(str(error), error.exit_code)
    except (RegistryError, SloError) as error:
        return _say(str(error), 2)


def _build(arguments: argparse.Namespace) -> int:
    files = output.documents(boards.build(sources.load()))
    if not arguments.check:
        for path in output.write(files, arguments.out):
            print(f"wrote {path}")
        return 0
    drifted = list(output.drift(files, arguments.out))
    for line in drifted:
        _say(line, 1)
    if not drifted:
        print(f"{arguments.out}: {len(files)} up to date")
    return 1 if drifted else 0


def _check(arguments: argparse.Namespace) -> int:
    known = sources.load()
    built = boards.build(known)
    if arguments.prometheus:
        return report.live(built, Question(arguments.prometheus, arguments.lookback, arguments.rate_interval))
    return report.names(built, known)


def _preview(arguments: argparse.Namespace) -> int:
    end = arguments.end.timestamp() if arguments.end else None
    names = tuple(arguments.board)
    request = Request(arguments.prometheus, arguments.lookback, arguments.rate_interval, end, names, arguments.out)
    return preview(output.documents(boards.build(sources.load())), request)


def _say(message: str, code: int) -> int:
    for line in message.splitlines():
        print(f"dashboards: {line}", file=sys.stderr)
    return code


class _Parser(argparse.ArgumentParser):
    """An ArgumentParser whose complaint is one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; expected what `{self.prog} --help` shows\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="dashboards", description="Grafana dashboards from the metric registry and the SLOs.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="build|check|preview")
    build = commands.add_parser("build", help="write the dashboards as JSON")
    build.add_argument("--check", action="store_true", help="write nothing; fail where the files differ")
    build.add_argument("--out", type=Path, default=output.GENERATED, metavar="DIR", help="default: %(default)s")
    build.set_defaults(run=_build)
    check = commands.add_parser("check", help="check what the panels name, or what they show at a Prometheus")
    check.add_argument("--prometheus", type=_url, metavar="URL", help="execute each panel there")
    check.add_argument("--rate-interval", type=_range, default="1m", metavar="DURATION", help="default: %(default)s")
    check.add_argument("--lookback", type=_duration, default="5m", metavar="DURATION", help="default: %(default)s")
    check.set_defaults(run=_check)
    _add_preview(commands.add_parser("preview", help="draw the boards from a Prometheus into one page"))
    return parser


def _add_preview(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prometheus", type=_url, metavar="URL", default=PROMETHEUS, help="default: %(default)s")
    parser.add_argument("--board", action="append", default=[], metavar="UID", help="only this one; may be repeated")
    parser.add_argument("--lookback", type=_duration, default="1h", metavar="DURATION", help="default: %(default)s")
    parser.add_argument("--end", type=_moment, metavar="TIME", help="such as 2026-11-28T09:00:00Z; default: now")
    parser.add_argument("--rate-interval", type=_range, default="1m", metavar="DURATION", help="default: %(default)s")
    parser.add_argument("--out", type=Path, default=OUT, metavar="FILE", help="default: %(default)s")
    parser.set_defaults(run=_preview)


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise argparse.ArgumentTypeError(f"{text!r} is no address such as http://127.0.0.1:9090")
    return text.rstrip("/")


def _duration(text: str) -> timedelta:
    try:
        length = promql_parser.parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration such as 1m") from error
    if not length:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration above 0")
    return length


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2026-11-28T09:00:00Z") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _range(text: str) -> str:
    _duration(text)
    return text


if __name__ == "__main__":
    sys.exit(main())
