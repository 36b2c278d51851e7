"""Whether each alert of the specs reaches somebody, and a page keeps its ticket quiet, in a live Alertmanager."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import promql_parser
import requests
import yaml

from slo import names
from slo.drift.difference import Difference, between
from slo.errors import LiveError
from slo.model import Severity
from slo.selector import Matcher

_WHERE = "routes"
_TIMEOUT_SECONDS = 30
_MATCHER = re.compile(r'\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|(.*?))\s*')
_COMPARED = ("route", "inhibit_rules")
_INTERVALS = ("group_wait", "group_interval", "repeat_interval")

Labels = dict[str, str]


@dataclass(frozen=True)
class Alert:
    """The labels by which an alert of an SLO is routed."""

    labels: Labels

    @property
    def name(self) -> str:
        return f"{self.labels['alertname']}{{{names.SEVERITY}={self.labels[names.SEVERITY]}}}"


def of_alertmanager(url: str) -> dict[str, Any]:
    """The configuration that an Alertmanager runs with; a LiveError where it does not answer as expected."""
    try:
        answer = requests.get(f"{url}/api/v2/status", timeout=_TIMEOUT_SECONDS)
        answer.raise_for_status()
        configuration: dict[str, Any] = yaml.safe_load(answer.json()["config"]["original"])
    except (requests.RequestException, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise LiveError(
            f"{url}/api/v2/status: {type(error).__name__}; expected an Alertmanager that answers"
        ) from error
    return configuration


def alerts(groups: list[dict[str, Any]]) -> list[Alert]:
    """The alerts of the rules, each set of labels once."""
    found = [
        {**rule.get("labels", {}), "alertname": rule["alert"]}
        for group in groups
        for rule in group["rules"]
        if "alert" in rule
    ]
    return [Alert(labels) for index, labels in enumerate(found) if labels not in found[:index]]


def unreached(configuration: dict[str, Any], fired: list[Alert]) -> Iterator[Difference]:
    """Each alert that no receiver with an integration gets, and each page that does not keep its ticket quiet."""
    receivers = {one["name"]: one for one in configuration.get("receivers") or []}
    for alert in fired:
        reached = receivers_of(configuration["route"], alert.labels)
        if not any(_tells_somebody(receivers.get(name, {})) for name in reached):
            told = ", ".join(reached) or "no receiver"
            yield Difference(_WHERE, alert.name, f"reaches {told}, which tells nobody")
    for page, ticket in _pairs(fired):
        if not any(_inhibits(rule, page.labels, ticket.labels) for rule in configuration.get("inhibit_rules") or []):
            problem = "a page of the same SLO does not keep this ticket quiet; expected an inhibit rule"
            yield Difference(_WHERE, ticket.name, problem)


def differing(expected: dict[str, Any], live: dict[str, Any], scale: int) -> Iterator[Difference]:
    """Each value in which the live routes and inhibitions differ from those of a file, whose intervals are scaled."""
    for part in _COMPARED:
        for path, problem in between(_plain(expected.get(part), scale), _plain(live.get(part)), part):
            yield Difference(_WHERE, path, problem)


def receivers_of(route: dict[str, Any], labels: Labels) -> list[str]:
    """The receivers that the route tree chooses: the deepest match, and its siblings after `continue`."""
    chosen: list[str] = []
    for child in route.get("routes") or []:
        inherited = {**child, "receiver": child.get("receiver") or route.get("receiver")}
        if all(matcher.matches(labels.get(matcher.label, "")) for matcher in _matchers(child)):
            chosen += receivers_of(inherited, labels)
            if not child.get("continue"):
                break
    return chosen or ([route["receiver"]] if route.get("receiver") else [])


def _pairs(fired: list[Alert]) -> Iterator[tuple[Alert, Alert]]:
    """Pages and tickets of one alert, which differ only in their windows and severity."""
    for ticket in fired:
        if ticket.labels[names.SEVERITY] == Severity.TICKET:
            same = (one for one in fired if one.labels["alertname"] == ticket.labels["alertname"])
            page = next((one for one in same if one.labels[names.SEVERITY] == Severity.PAGE), None)
            if page:
                yield page, ticket


def _inhibits(rule: dict[str, Any], source: Labels, target: Labels) -> bool:
    return (
        all(matcher.matches(source.get(matcher.label, "")) for matcher in _matchers(rule, "source_"))
        and all(matcher.matches(target.get(matcher.label, "")) for matcher in _matchers(rule, "target_"))
        and names.SLO in (rule.get("equal") or [])
        and all(source.get(label) == target.get(label) for label in rule["equal"])
    )


def _tells_somebody(receiver: dict[str, Any]) -> bool:
    return any(key.endswith("_configs") and value for key, value in receiver.items())


def _matchers(entry: dict[str, Any], side: str = "") -> list[Matcher]:
    """Matchers in all three notations of Alertmanager."""
    equal = [Matcher(label, "=", str(value)) for label, value in (entry.get(f"{side}match") or {}).items()]
    regular = [Matcher(label, "=~", str(value)) for label, value in (entry.get(f"{side}match_re") or {}).items()]
    return [*(_matcher(text) for text in entry.get(f"{side}matchers") or []), *equal, *regular]


def _matcher(text: str) -> Matcher:
    found = _MATCHER.fullmatch(text)
    if not found:
        raise LiveError(f'routes: expected a matcher such as severity="page", got {text!r}')
    return Matcher(found[1], found[2], found[3] if found[3] is not None else found[4])


def _plain(node: Any, scale: int = 1, key: str = "") -> Any:
    """Without what Alertmanager adds by itself; matchers in one notation, intervals in seconds."""
    if isinstance(node, dict):
        kept = {name: value for name, value in node.items() if value not in (None, False, [], {})}
        return {name: _plain(value, scale, name) for name, value in kept.items()}
    if key.endswith("matchers"):
        return _notation(node)
    if key in _INTERVALS:
        return round(_seconds(key, node) / scale, 3)
    return [_plain(value, scale) for value in node] if isinstance(node, list) else node


def _seconds(key: str, node: Any) -> float:
    try:
        return float(promql_parser.parse_duration(str(node)).total_seconds())
    except ValueError as error:
        raise LiveError(f"routes: {key}: expected a duration such as 30s, got {node!r}") from error


def _notation(matchers: list[str]) -> list[str]:
    return sorted(str(_matcher(text)) for text in matchers)
