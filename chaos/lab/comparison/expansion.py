"""Rules that read what other rules write, as if they read what those read.

Prometheus evaluates a group's rules one after the other, so within one evaluation both are the same; and a history
needs only the series that are summed over time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chaos.lab.comparison.sides import Rule
from slo import names


def is_summed(rule: Rule, rules: Sequence[Rule]) -> bool:
    """Whether another rule of the SLO reads a range of what this one writes."""
    return rule.record is not None and any(
        f"{rule.selector(names.SLO)}[" in other.expression for other in rules if other.slo == rule.slo
    )


def expanded(rules: Sequence[Rule]) -> list[Rule]:
    """The rules, with the expression of each instant that they read in its place."""
    done: list[Rule] = []
    for rule in rules:
        mine = [other for other in rules if other.slo == rule.slo and other.record and other is not rule]
        done.append(replace(rule, expression=_expanded(rule.expression, mine)))
    return done


def _expanded(expression: str, others: Sequence[Rule]) -> str:
    for other in others:
        labels = (names.SLO, names.WINDOW) if names.WINDOW in other.labels else (names.SLO,)
        selector = other.selector(*labels)
        if selector in expression and f"{selector}[" not in expression:
            return _expanded(expression.replace(selector, f"({other.expression})"), others)
    return expression
