"""What the rules, the alerts and the panels of this project need of the telemetry: metrics, labels and values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import promql_parser as promql
import yaml

from chaos.lab.programs import PROJECT
from service.telemetry.registry import Registry, prometheus_labels, prometheus_names

RULES = "slo/generated/*.rules.yaml"
ALERTS = "collector/**/*.y*ml"
BOARDS = "dashboards_as_code/generated/*.json"
_VARIABLE = re.compile(r"\$(?:\{(\w+)[^}]*\}|(\w+))")
_LITERALS = re.compile(r"[\w/.{}-]+(\|[\w/.{}-]+)*")
_IDENTITY = frozenset({"job", "instance", "le"})
_OF_PROMETHEUS = frozenset({"ALERTS", "ALERTS_FOR_STATE"})


@dataclass(frozen=True, order=True)
class Use:
    """A metric, with a label of it, with a value of that; each but the metric may be left open."""

    metric: str
    label: str = ""
    value: str = ""


@dataclass(frozen=True)
class Needs:
    """What is used, and the names that rules record, which are Prometheus's to emit."""

    uses: frozenset[Use]
    recorded: frozenset[str]


def needs_of_project(registry: Registry, root: Path = PROJECT) -> Needs:
    """Read every rule, alert and panel that is committed."""
    rules = [rule for path in _files(root, RULES, ALERTS) for rule in _rules_in(path)]
    expressions = [rule["expr"] for rule in rules]
    expressions += [text for path in _files(root, BOARDS) for text in _expressions_in(json.loads(path.read_text()))]
    recorded = frozenset(rule["record"] for rule in rules if "record" in rule)
    return needs(expressions, registry, recorded)


def needs(expressions: Iterable[str], registry: Registry, recorded: frozenset[str] = frozenset()) -> Needs:
    """What the expressions name; raises ValueError for one that does not parse."""
    labels = {series: set(prometheus_labels(each)) for each in registry.metrics for series in prometheus_names(each)}
    found = frozenset(use for text in expressions for use in _uses(_without_variables(text), labels))
    own = recorded | _OF_PROMETHEUS
    return Needs(frozenset(use for use in found if use.metric not in own), recorded)


def orphans(registry: Registry, found: Needs) -> list[str]:
    """Metrics of the registry that nobody uses."""
    named = {use.metric for use in found.uses}
    return sorted(metric.name for metric in registry.metrics if named.isdisjoint(prometheus_names(metric)))


def _uses(expression: str, labels: dict[str, set[str]]) -> Iterator[Use]:
    selected: list[promql.VectorSelector] = []
    grouped: set[str] = set()

    def note(node: promql.Expr) -> None:
        if isinstance(node, promql.VectorSelector):
            selected.append(node)
        elif isinstance(node, promql.AggregateExpr) and node.modifier:
            grouped.update(node.modifier.labels)

    promql.walk(promql.parse(expression), note)
    for selector in selected:
        metric = selector.name or ""
        yield Use(metric)
        yield from (Use(metric, label) for label in grouped & labels.get(metric, set()))
        yield from (use for matcher in selector.matchers.matchers for use in _matched(metric, matcher))


def _matched(metric: str, matcher: promql.Matcher) -> Iterator[Use]:
    """What must exist for the matcher to find anything; what it shuts out need not."""
    name, value = matcher.name, matcher.value
    if name in _IDENTITY or name == "__name__":
        return
    if matcher.op == promql.MatchOp.Equal and value:
        yield Use(metric, name, value)
    elif matcher.op == promql.MatchOp.Re and _LITERALS.fullmatch(value):
        yield from (Use(metric, name, each) for each in value.split("|"))
    elif value or matcher.op == promql.MatchOp.NotEqual:
        yield Use(metric, name)


def _without_variables(expression: str) -> str:
    return _VARIABLE.sub(lambda found: "1m" if (found[1] or found[2]).startswith("__") else ".*", expression)


def _files(root: Path, *patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in root.glob(pattern))


def _rules_in(path: Path) -> Iterator[dict[str, Any]]:
    document = yaml.safe_load(path.read_text())
    groups = document.get("groups") if isinstance(document, dict) else None
    for group in groups or ():
        yield from (rule for rule in group.get("rules", ()) if "expr" in rule)


def _expressions_in(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("expr"), str):
            yield node["expr"]
        for each in node.values():
            yield from _expressions_in(each)
    elif isinstance(node, list):
        for each in node:
            yield from _expressions_in(each)
