"""The names that exist: each metric that the service emits or a rule records, with its labels.

An expression that names anything else draws an empty panel and nobody notices; here it is an error.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import promql_parser as promql

from dashboards_as_code import variables

_ANY_RATE_INTERVAL = "1m"

Vocabulary = Mapping[str, frozenset[str]]


@dataclass
class Mentions:
    """What an expression names: metrics with the labels that they are selected by, labels, labels that it makes."""

    selected: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)


def mentions(expr: str) -> Mentions:
    """What the expression names; a ValueError says why it does not parse."""
    found = Mentions()
    tree = promql.parse(variables.substituted(expr, _ANY_RATE_INTERVAL))
    promql.walk(tree, lambda node: _note(node, found))
    return found


def problems(expr: str, vocabulary: Vocabulary) -> Iterator[str]:
    """One line for each thing in the expression that does not parse or does not exist."""
    try:
        found = mentions(expr)
    except ValueError as error:
        yield f"does not parse: {error}: {expr}"
        return
    for metric, labels in found.selected:
        if metric not in vocabulary:
            yield f"metric {metric!r} is unknown; expected one of the metric registry or of the SLO rules"
        yield from _unknown_labels(labels, vocabulary.get(metric, labels), metric)
    metrics = [metric for metric, _ in found.selected]
    known = found.made.union(*(vocabulary.get(metric, found.labels) for metric in metrics))
    yield from _unknown_labels(found.labels, known, " and ".join(sorted(set(metrics))))


def unused(exprs: Iterable[str], metrics: Mapping[str, Iterable[str]]) -> list[str]:
    """The metrics, given with their series names, of which no expression names a series."""
    named = {metric for expr in exprs for metric, _ in mentions(expr).selected}
    return sorted(metric for metric, series in metrics.items() if named.isdisjoint(series))


def _unknown_labels(labels: Iterable[str], known: Iterable[str], owner: str) -> Iterator[str]:
    for label in sorted(set(labels) - set(known)):
        yield f"label {label!r} is unknown of {owner}; expected one of {', '.join(sorted(known))}"


def _note(node: promql.Expr, found: Mentions) -> None:
    match node:
        case promql.VectorSelector():
            matchers = [matcher.name for matcher in node.matchers.matchers]
            found.selected.append((node.name or "", frozenset(matchers)))
        case promql.AggregateExpr() if node.modifier:
            found.labels.update(node.modifier.labels)
        case promql.BinaryExpr() if node.modifier and node.modifier.matching:
            found.labels.update(node.modifier.matching.labels, node.modifier.group_labels or [])
        case promql.Call() if node.func.name == "label_replace":
            _, made, _, source, _ = node.args
            found.made.add(made.val)
            found.labels.add(source.val)
