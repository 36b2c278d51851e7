"""`slo drift`: what runs against what is written; exit 1 where they differ."""

import argparse
import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from slo import yamlfile
from slo.commands import arguments, live
from slo.drift import dashboards, routes, rules
from slo.drift.difference import Difference
from slo.errors import DocumentError
from slo.guarded import Guarded, load_guarded
from slo.rules import rule_file

TOKEN = "GRAFANA_TOKEN"  # noqa: S105 - the name of a variable


def configure(parser: argparse.ArgumentParser) -> None:
    """Which documents, and what to hold against them."""
    live.add_prometheus(parser)
    arguments.add_output(parser)
    parser.add_argument("--dashboards", type=Path, metavar="DIR", help="a folder of dashboards as JSON")
    parser.add_argument("--grafana", type=live.url, metavar="URL", help=f"its token comes from {TOKEN}")
    parser.add_argument("--alertmanager", type=live.url, metavar="URL", help="whose routes are asked for")
    parser.add_argument("--routes", type=Path, metavar="FILE", help="the configuration that Alertmanager should have")


def run(options: argparse.Namespace) -> int:
    """Print each difference; 1 where there is one."""
    guarded = load_guarded(arguments.specs(options))
    found = list(_differences(options, guarded))
    print(json.dumps([asdict(one) for one in found], indent=2) if options.output == "json" else _text(found, options))
    return 1 if found else 0


def _differences(options: argparse.Namespace, guarded: list[Guarded]) -> Iterator[Difference]:
    groups = [group for entry in guarded for group in rule_file(entry.slo, entry.policy, options.scale)["groups"]]
    loaded = live.prometheus(options).rule_groups()
    yield from rules.differences(groups, loaded, complete=not options.files)
    yield from _of_dashboards(options, groups, [entry.slo.name for entry in guarded])
    if options.alertmanager:
        configuration = routes.of_alertmanager(options.alertmanager)
        yield from routes.unreached(configuration, routes.alerts(groups))
        if options.routes:
            yield from routes.differing(_routes(options.routes), configuration, options.scale)


def _of_dashboards(options: argparse.Namespace, groups: list[dict[str, Any]], slos: list[str]) -> Iterator[Difference]:
    in_files = dashboards.in_folder(options.dashboards) if options.dashboards else None
    in_grafana = dashboards.in_grafana(options.grafana, os.environ.get(TOKEN)) if options.grafana else None
    if in_files is not None and in_grafana is not None:
        yield from dashboards.differing(in_files, in_grafana)
    boards = in_grafana if in_grafana is not None else in_files
    if boards is not None:
        yield from dashboards.unknown(boards, dashboards.written(groups), slos)


def _routes(path: Path) -> dict[str, Any]:
    documents = yamlfile.values(path)
    if len(documents) != 1 or not isinstance(documents[0], dict) or "route" not in documents[0]:
        raise DocumentError(f"{path}: expected an Alertmanager configuration with a route")
    found: dict[str, Any] = documents[0]
    return found


def _text(found: list[Difference], options: argparse.Namespace) -> str:
    looked_at = ["rules"]
    looked_at += ["dashboards"] if options.dashboards or options.grafana else []
    looked_at += ["routes"] if options.alertmanager else []
    return "\n".join([*map(str, found), f"differences={len(found)} compared={','.join(looked_at)}"])
