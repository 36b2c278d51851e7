"""Exceptions from dashboard-linter's rules excuse just what they name."""

import json
from collections.abc import Sequence

import pytest

from chaos.lab.board_lint import BOARDS, Excuse, exclusions, excuses

KNOWN = (Excuse(("target-job-rule",), ("slo:*", "ALERTS"), "Of no job."),)


def excused(expression: str) -> list[dict[str, str]]:
    panel = {"title": "Panel", "targets": [{"expr": 'up{job=~"$job"}'}, {"expr": expression}]}
    return exclusions({"title": "Board", "panels": [{"title": "Row"}, panel]}, KNOWN)["target-job-rule"]


def test_a_query_of_listed_series_is_excused_by_itself() -> None:
    place = {"dashboard": "Board", "panel": "Panel", "targetidx": "1", "reason": "Of no job."}

    assert excused('max(ALERTS) or slo:objective:ratio{slo="api"}') == [place]


@pytest.mark.parametrize(
    "expression",
    [
        "rate(hits_total[$__rate_interval])",
        'slo:objective:ratio{slo="api"} * on () hits_total',
        'slo:objective:ratio{job=~"$job"}',
    ],
)
def test_nothing_else_is(expression: str) -> None:
    assert excused(expression) == []


def test_another_rule_is_not_excused() -> None:
    panel = {"title": "Panel", "targets": [{"expr": "ALERTS"}]}

    assert exclusions({"title": "Board", "panels": [panel]}, KNOWN)["target-instance-rule"] == []


def test_every_exception_is_needed_and_says_why() -> None:
    boards = [json.loads(path.read_text()) for path in sorted(BOARDS.glob("*.json"))]

    known = excuses()

    def passed_over(some: Sequence[Excuse]) -> int:
        return sum(len(entries) for board in boards for entries in exclusions(board, some).values())

    for excuse in known:
        assert len(excuse.reason) > 20
        assert passed_over([each for each in known if each is not excuse]) < passed_over(known)
