import re

import pytest

from slo import pattern
from slo.selector import Matcher, Selector


@pytest.mark.parametrize(
    "text",
    [
        "requests_total",
        'requests_total{job="api"}',
        'requests_total{job="api",route!~"/health|/ready",status=~"5..",region!=""}',
    ],
)
def test_round_trip(text: str) -> None:
    assert str(Selector.parse(text)) == text


def test_spaces_are_left_out() -> None:
    assert str(Selector.parse(' requests_total{ job = "a b" , x!="}" , } ')) == 'requests_total{job="a b",x!="}"}'


@pytest.mark.parametrize("text", [r"[^0aA_/.\- ]", "[^0]", "[^a-z]x", r"(?!)"])
def test_an_example_of_a_pattern_matches_or_there_is_none(text: str) -> None:
    found = pattern.example(text)
    assert found is None or re.fullmatch(text, found)
    assert (found is None) == (text not in ("[^0]", "[^a-z]x"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sum(requests_total)",
        "rate(requests_total[5m])",
        "requests_total[5m]",
        "requests_total offset 5m",
        "a_total + b_total",
        '{job="api"}',
        "requests_total{job=api}",
        'requests_total{job="api"',
        'requests_total{job="api" x="y"}',
    ],
)
def test_not_a_selector(text: str) -> None:
    with pytest.raises(ValueError, match="expected one counter selector such as"):
        Selector.parse(text)


@pytest.mark.parametrize(
    ("matcher", "example"),
    [
        (Matcher("status", "=", "500"), "500"),
        (Matcher("status", "=~", "5.."), "500"),
        (Matcher("route", "=~", "/a|/b"), "/a"),
        (Matcher("route", "=~", "/a/.+"), "/a/0"),
        (Matcher("route", "!~", "/health|/ready"), ""),
        (Matcher("reason", "!=", ""), "other"),
    ],
)
def test_example(matcher: Matcher, example: str) -> None:
    assert matcher.example() == example
    assert matcher.matches(example)


def test_an_example_has_to_satisfy_every_matcher() -> None:
    with pytest.raises(ValueError, match="expected at most one positive matcher a label"):
        Selector.parse('requests_total{status=~"5..",status!="500"}').example()
