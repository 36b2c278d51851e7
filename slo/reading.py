"""What a free expression over a window says, where it is one of the forms in which people write an SLI.

A counter that is recognised is summed by the engine's own rules, and its events can be made up for tests.
"""

from dataclasses import dataclass
from typing import Any

import promql_parser

from slo.selector import Selector

PROBE = "5m"
"""Stands for the window while an expression is read."""


@dataclass(frozen=True)
class Share:
    """A part divided by all, or where `rest` what is left of 1."""

    part: Selector
    total: Selector
    rest: bool


@dataclass(frozen=True)
class Mean:
    """The mean of a gauge, or where `rest` what is left of 1."""

    level: Selector
    rest: bool


def counter(expression: str) -> Selector | None:
    """The counter whose rate is summed, in whatever parentheses, labels and `or vector(0)`."""
    return _counter(promql_parser.parse(expression))


def difference(expression: str) -> tuple[Selector, Selector] | None:
    """Two counters, the second taken off the first."""
    found = _bare(promql_parser.parse(expression))
    return _pair(found) if _is(found, "-") else None


def share(expression: str) -> Share | None:
    """One counter's rate by another's."""
    found, rest = _rest(promql_parser.parse(expression))
    pair = _pair(found) if _is(found, "/") else None
    return Share(*pair, rest) if pair else None


def mean(expression: str) -> Mean | None:
    """A gauge's mean over the window, and nothing else."""
    found, rest = _rest(promql_parser.parse(expression))
    level = _called(found, "avg_over_time")
    return Mean(level, rest) if level else None


def extreme(expression: str) -> Selector | None:
    """A gauge as it is, or the largest or smallest of all its series."""
    found = _bare(promql_parser.parse(expression))
    if isinstance(found, promql_parser.AggregateExpr) and str(found.op) in ("max", "min") and not found.modifier:
        found = _bare(found.expr)
    return Selector.parse(str(found)) if Selector.matches_text(str(found)) else None


def _counter(expression: Any) -> Selector | None:
    found = _bare(expression)
    if _is(found, "or") and str(_bare(found.rhs)) == "vector(0)":
        found = _bare(found.lhs)
    if not isinstance(found, promql_parser.AggregateExpr) or str(found.op) != "sum":
        return None
    inner = _bare(found.expr)
    return _called(inner, "rate") or _counter(inner)


def _rest(expression: Any) -> tuple[Any, bool]:
    found = _bare(expression)
    rest = _is(found, "-") and str(found.lhs) == "1"
    return (_bare(found.rhs), True) if rest else (found, False)


def _pair(found: Any) -> tuple[Selector, Selector] | None:
    left, right = _counter(found.lhs), _counter(found.rhs)
    return (left, right) if left and right else None


def _called(expression: Any, function: str) -> Selector | None:
    """The selector whose window a function is applied to, without offset."""
    if not isinstance(expression, promql_parser.Call) or expression.func.name != function:
        return None
    (argument,) = expression.args
    if not isinstance(argument, promql_parser.MatrixSelector):
        return None
    text = str(argument).removesuffix(f"[{PROBE}]")
    return Selector.parse(text) if Selector.matches_text(text) else None


def _bare(expression: Any) -> Any:
    while isinstance(expression, promql_parser.ParenExpr):
        expression = expression.expr
    return expression


def _is(expression: Any, operator: str) -> bool:
    return isinstance(expression, promql_parser.BinaryExpr) and str(expression.op) == operator
