"""Command `python -m chaos.lab.board_lint`: Grafana's dashboard-linter judges every generated board."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import promql_parser as promql
import yaml

from chaos.errors import GameDayError
from chaos.lab.programs import PROJECT, find

BOARDS = PROJECT / "dashboards_as_code" / "generated"
EXCEPTIONS = PROJECT / "dashboards_as_code" / "linter_exceptions.yaml"
_LABELS = {"target-job-rule": "job", "target-instance-rule": "instance"}
_SECONDS = 60
_VARIABLES = {"$__rate_interval": "1m"}

Board = Mapping[str, Any]


@dataclass(frozen=True)
class Excuse:
    """Series, as shell patterns, that a rule does not apply to."""

    rules: tuple[str, ...]
    series: tuple[str, ...]
    reason: str

    def covers(self, rule: str, metric: str) -> bool:
        return rule in self.rules and any(fnmatchcase(metric, pattern) for pattern in self.series)


def excuses(path: Path = EXCEPTIONS) -> tuple[Excuse, ...]:
    """The one file of exceptions; each has to say why."""
    return tuple(
        Excuse(tuple(each["rules"]), tuple(each["series"]), each["reason"]) for each in yaml.safe_load(path.read_text())
    )


def exclusions(board: Board, known: Sequence[Excuse]) -> dict[str, list[dict[str, str]]]:
    """What the linter shall pass over, by rule, in its own form: just the queries that are wholly excused."""
    return {rule: list(_of_rule(board, rule, label, known)) for rule, label in _LABELS.items()}


def _of_rule(board: Board, rule: str, label: str, known: Sequence[Excuse]) -> Iterator[dict[str, str]]:
    for panel in board["panels"]:
        for index, target in enumerate(panel.get("targets", ())):
            reasons = [_reason(rule, metric, known) for metric in _without(target["expr"], label)]
            if reasons and all(reasons):
                place = {"dashboard": board["title"], "panel": panel["title"], "targetidx": str(index)}
                yield {**place, "reason": " ".join(dict.fromkeys(filter(None, reasons)))}


def _reason(rule: str, metric: str, known: Sequence[Excuse]) -> str | None:
    return next((each.reason for each in known if each.covers(rule, metric)), None)


def _without(expression: str, label: str) -> list[str]:
    """The metrics that are selected without a matcher of the label."""
    found: list[promql.VectorSelector] = []
    for variable, value in _VARIABLES.items():
        expression = expression.replace(variable, value)

    def note(node: promql.Expr) -> None:
        if isinstance(node, promql.VectorSelector):
            found.append(node)

    promql.walk(promql.parse(expression), note)
    return [one.name or "" for one in found if all(matcher.name != label for matcher in one.matchers.matchers)]


def _lint(linter: Path, path: Path, excluded: Mapping[str, Any]) -> list[str]:
    """The linter's complaints, an unexcused warning being one."""
    with tempfile.NamedTemporaryFile("w", suffix=".lint") as config:
        yaml.safe_dump({"exclusions": {rule: {"entries": entries} for rule, entries in excluded.items()}}, config)
        config.flush()
        argv = [str(linter), "lint", "--strict", "--config", config.name, str(path)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=_SECONDS)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if "❌" in line or "⚠" in line]
    return lines or ([f"{path.name}: {done.stderr.strip()}"] if done.returncode else [])


def main() -> int:
    """Judge them all: 0 where the linter is content, 1 where not, 2 where it cannot be asked."""
    try:
        linter = find("dashboard-linter")
    except GameDayError as error:
        print(f"dashboards-lint: {error}", file=sys.stderr)
        return error.exit_code
    known, findings, excused = excuses(), list[str](), 0
    paths = sorted(BOARDS.glob("*.json"))
    for path in paths:
        excluded = exclusions(json.loads(path.read_text()), known)
        excused += sum(map(len, excluded.values()))
        findings += _lint(linter, path, {rule: entries for rule, entries in excluded.items() if entries})
    for finding in findings:
        print(f"dashboards-lint: {finding}", file=sys.stderr)
    print(f"boards={len(paths)} excused={excused} findings={len(findings)}")
    return 1 if findings or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
