"""Arguments of the commands that ask a running Prometheus."""

import argparse
import os
from datetime import UTC, datetime
from urllib.parse import urlsplit

from slo.commands import arguments
from slo.errors import SloError
from slo.measured import Moment
from slo.prometheus import Prometheus

VARIABLE = "PROMETHEUS_URL"


def add_prometheus(parser: argparse.ArgumentParser) -> None:
    """Which documents, which Prometheus, and how much faster time runs there."""
    arguments.add_files(parser)
    parser.add_argument("--prometheus", type=url, metavar="URL", help=f"default: {VARIABLE}")
    arguments.add_scale(parser)


def add_at(parser: argparse.ArgumentParser) -> None:
    """The moment to judge."""
    parser.add_argument("--at", type=instant, metavar="TIME", help="such as 2026-11-01T12:00:00Z; default: now")


def prometheus(options: argparse.Namespace) -> Prometheus:
    """The Prometheus that was named; a SloError where none was."""
    found = options.prometheus or os.environ.get(VARIABLE)
    if not found:
        raise SloError(f"no Prometheus: expected --prometheus URL or {VARIABLE}")
    try:
        return Prometheus(url(found))
    except argparse.ArgumentTypeError as error:
        raise SloError(f"{VARIABLE}: {error}") from error


def moment(options: argparse.Namespace) -> Moment:
    """The Prometheus at the moment that was asked for."""
    asked = prometheus(options)
    return Moment(asked, options.at or asked.now(), options.scale)


def url(text: str) -> str:
    """An address of a server."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise argparse.ArgumentTypeError(f"expected an address such as http://127.0.0.1:9090, got {text!r}")
    return text.rstrip("/")


def instant(text: str) -> float:
    """Unix seconds of an ISO 8601 time, in UTC where it names no zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected a time such as 2026-11-01T12:00:00Z, got {text!r}") from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
