"""What dashboards ask for against what the rules write, and live dashboards against their files."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import requests

from slo import names
from slo.drift.difference import Difference, between
from slo.errors import LiveError, SloError
from slo.selector import Selector

_WHERE = "dashboards"
_SELECTOR = re.compile(r"\b(?:slo:\w+:\w+|ALERTS)\{[^}]*\}")
# Grafana counts and stamps these itself.
_STAMPS = ("id", "version", "iteration")
_TIMEOUT_SECONDS = 30

Boards = dict[str, dict[str, Any]]
Series = tuple[str, Mapping[str, str]]


def in_folder(folder: Path) -> Boards:
    """The dashboards of a folder's JSON files by uid; a SloError where one cannot be read."""
    boards: Boards = {}
    for path in sorted(folder.glob("*.json")):
        try:
            board = json.loads(path.read_text(encoding="utf-8"))
            boards[board["uid"]] = board
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SloError(f"{path}: expected a dashboard as JSON with a uid") from error
    if not boards:
        raise SloError(f"{folder}: expected a folder with dashboards as JSON")
    return boards


def in_grafana(url: str, token: str | None) -> Boards:
    """All dashboards of a Grafana by uid; a LiveError where it does not answer as expected."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(path: str) -> Any:
        try:
            answer = requests.get(f"{url}{path}", headers=headers, timeout=_TIMEOUT_SECONDS)
            answer.raise_for_status()
            return answer.json()
        except (requests.RequestException, ValueError) as error:
            raise LiveError(f"{url}{path}: {type(error).__name__}; expected a Grafana that answers") from error

    found = get("/api/search?type=dash-db&limit=5000")
    return {one["uid"]: get(f"/api/dashboards/uid/{one['uid']}")["dashboard"] for one in found}


def differing(expected: Boards, live: Boards) -> Iterator[Difference]:
    """Each value in which a live dashboard differs from its file."""
    for uid, board in expected.items():
        if uid not in live:
            yield Difference(_WHERE, uid, "this dashboard is not in Grafana")
            continue
        for path, problem in between(_unstamped(board), _unstamped(live[uid])):
            yield Difference(_WHERE, f"{uid}: {path}", problem)


def unknown(boards: Boards, written: list[Series], slos: list[str]) -> Iterator[Difference]:
    """Each recorded series or alert that a panel names and no rule writes, and each SLO that no panel shows."""
    shown: set[str] = set()
    for uid, board in boards.items():
        for title, expression in _expressions(board):
            for text in dict.fromkeys(_SELECTOR.findall(expression)):
                selector = _selector(text)
                found = [labels for metric, labels in written if selector.matches(metric, labels)]
                shown |= {labels[names.SLO] for labels in found if names.SLO in labels}
                if not found:
                    yield Difference(_WHERE, f"{uid}: {title}", f"no rule writes {text}")
    for slo in slos:
        if slo not in shown:
            yield Difference(_WHERE, slo, "no panel shows this SLO")


def written(groups: list[dict[str, Any]]) -> list[Series]:
    """The series that the rules write: recordings, and ALERTS of each alert."""
    series: list[Series] = []
    for rule in (rule for group in groups for rule in group["rules"]):
        labels = rule.get("labels", {})
        if "record" in rule:
            series.append((rule["record"], labels))
        else:
            states = ("firing", "pending")
            series += [("ALERTS", {**labels, "alertname": rule["alert"], "alertstate": state}) for state in states]
    return series


def _selector(text: str) -> Selector:
    """The selector without what Grafana fills in when it asks."""
    found = Selector.parse(text)
    return Selector(found.metric, tuple(one for one in found.matchers if "$" not in one.value))


def _expressions(node: Any, title: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        title = node.get("title", title) if isinstance(node.get("title"), str) else title
        if isinstance(node.get("expr"), str):
            yield title, node["expr"]
        for value in node.values():
            yield from _expressions(value, title)
    elif isinstance(node, list):
        for value in node:
            yield from _expressions(value, title)


def _unstamped(board: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in board.items() if key not in _STAMPS}
