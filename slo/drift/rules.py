"""The rules that the specs ask for against those that Prometheus has loaded."""

from collections.abc import Iterator
from typing import Any

import promql_parser

from slo import names
from slo.drift.difference import Difference, between

_WHERE = "rules"
_PREFIX = "slo:"
_TELLING = (names.SLO, names.WINDOW, names.LONG_WINDOW, names.SHORT_WINDOW)

Group = dict[str, Any]


def differences(expected: list[Group], live: list[Group], *, complete: bool) -> Iterator[Difference]:
    """Each difference; where `expected` is `complete`, also a group of ours that belongs to no spec."""
    by_name: dict[str, list[Group]] = {}
    for group in live:
        by_name.setdefault(group["name"], []).append(group)
    for group in expected:
        found = by_name.pop(group["name"], [])
        if not found:
            yield Difference(_WHERE, group["name"], "this group is not loaded; expected the output of slo generate")
        elif len(found) > 1:
            files = ", ".join(one["file"] for one in found)
            yield Difference(_WHERE, group["name"], f"this group is loaded {len(found)} times: {files}")
        else:
            yield from _of_group(group, found[0])
    for name in by_name if complete else ():
        if name.startswith(_PREFIX):
            yield Difference(_WHERE, name, "this group is loaded and belongs to no spec")


def _of_group(expected: Group, live: Group) -> Iterator[Difference]:
    name = expected["name"]
    interval = _seconds(expected["interval"])
    if abs(interval - float(live["interval"])) > 1e-6:
        yield Difference(_WHERE, name, f"interval: expected {interval:g} s, got {float(live['interval']):g} s")
    wanted = {_key(rule): _wanted(rule) for rule in expected["rules"]}
    running = {_key(_as_written(rule)): rule for rule in live["rules"]}
    for key, rule in wanted.items():
        if key not in running:
            yield Difference(_WHERE, f"{name}: {key}", "this rule is not loaded")
            continue
        for path, problem in between(rule, _running(running[key])):
            yield Difference(_WHERE, f"{name}: {key}: {path}", problem)
        if running[key].get("health") == "err":
            yield Difference(_WHERE, f"{name}: {key}", f"fails to evaluate: {running[key].get('lastError')}")
    for key in running.keys() - wanted.keys():
        yield Difference(_WHERE, f"{name}: {key}", "this rule is loaded and belongs to no spec")


def _as_written(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule of the API with the keys of a rule file."""
    kind = "alert" if rule["type"] == "alerting" else "record"
    return {kind: rule["name"], "labels": rule.get("labels", {})}


def _key(rule: dict[str, Any]) -> str:
    labels = rule.get("labels", {})
    told = ",".join(f'{label}="{labels[label]}"' for label in _TELLING if label in labels)
    return f"{rule.get('alert') or rule.get('record')}{{{told}}}"


def _wanted(rule: dict[str, Any]) -> dict[str, Any]:
    return {
        "expr": canonical(rule["expr"]),
        "for": _seconds(rule["for"]) if "for" in rule else 0.0,
        "labels": dict(rule.get("labels", {})),
        "annotations": dict(rule.get("annotations", {})),
    }


def _running(rule: dict[str, Any]) -> dict[str, Any]:
    return {
        "expr": canonical(rule["query"]),
        "for": float(rule.get("duration", 0)),
        "labels": dict(rule.get("labels", {})),
        "annotations": dict(rule.get("annotations", {})),
    }


def canonical(expression: str) -> str:
    """An expression as one writer would put it, so that only its meaning differs: 24h and 1d are the same."""
    return " ".join(str(promql_parser.parse(expression).prettify()).split())


def _seconds(text: str) -> float:
    return float(promql_parser.parse_duration(text).total_seconds())
