"""The plain arithmetic of the comparison, the causes that it gives, and its verdict, without either generator."""

from dataclasses import replace
from decimal import Decimal

import pytest

from chaos.lab.comparison.bench import Period, Price
from chaos.lab.comparison.episodes import Cause, Moment, episodes, moments, true_episodes
from chaos.lab.comparison.outcome import Outcome
from chaos.lab.comparison.shapes import fleet, shapes
from chaos.lab.comparison.store import Cost
from chaos.lab.comparison.table import page, summary
from chaos.lab.comparison.traffic import MINUTES, Traffic, counter
from slo.model import Objective, Severity, Window
from slo.policy import load_policy

OBJECTIVE = Objective(Decimal("0.999"), Window("30d"))


def test_every_history_is_whole_and_named_once() -> None:
    every = (*shapes(), fleet())
    assert len({shape.name for shape in every}) == len(every)
    for shape in every:
        assert len(shape.requests) == len(shape.errors) == MINUTES
        assert all(0 <= bad <= total for bad, total in zip(shape.errors, shape.requests, strict=True))


def test_a_window_holds_just_its_minutes() -> None:
    traffic = Traffic("t", "t", requests=(10, 10, 0, 0, 20), errors=(1, 0, 0, 0, 4))
    assert traffic.error_ratio(4, 3) == 4 / 20
    assert traffic.error_ratio(1, 60) == 1 / 20
    assert traffic.error_ratio(3, 1) is None


def test_a_counter_starts_again_where_it_is_reset() -> None:
    assert counter((5, 5, 5, 5), frozenset({2})) == [5, 10, 5, 10]


def test_the_true_page_is_where_the_workbook_has_it() -> None:
    """100 % errors at 99.9 %: 14.4 on 1h after 51.84 s, so in the first minute; reset once 5m has 1.44 % or less."""
    errors = (0,) * 600 + (1_000,) * 15 + (0,) * 600
    traffic = Traffic("outage", "outage", (1_000,) * len(errors), errors)
    pairs = load_policy("workbook").pairs[:1]
    assert true_episodes(traffic, OBJECTIVE, pairs, Severity.PAGE, range(len(errors))) == [(600, 619)]


def test_stretches_of_minutes() -> None:
    assert episodes([7, 3, 4, 5, 9]) == [(3, 6), (7, 8), (9, 10)]


@pytest.mark.parametrize(
    ("ours", "sloth", "truth", "cause"),
    [
        (10, 10, 10, Cause.NONE),
        (10, 10, 12, Cause.NONE),
        (13, 10, 10, Cause.RECORDINGS),
        (11, 5, 10, Cause.SLOTH),
        (10, None, 10, Cause.SLOTH),
        (None, 10, None, Cause.SLOTH),
        (16, 10, 10, Cause.UNEXPLAINED),
        (None, 10, 10, Cause.UNEXPLAINED),
        (10, None, None, Cause.UNEXPLAINED),
    ],
)
def test_why_two_moments_differ(ours: int | None, sloth: int | None, truth: int | None, cause: Cause) -> None:
    assert Moment("t", "page", "fires", ours, sloth, truth).cause is cause


def test_moments_far_apart_are_not_the_same() -> None:
    found = moments("t", "page", ours=[(100, 200)], sloth=[(100, 203), (500, 600)], truth=[(101, 200)])
    assert [(one.change, one.ours, one.sloth, one.truth) for one in found] == [
        ("fires", 100, 100, 101),
        ("fires", None, 500, None),
        ("resolves", 200, 203, 200),
        ("resolves", None, 600, None),
    ]


def outcome() -> Outcome:
    shape = shapes()[0]
    cheap, dear = Cost(100, 0.001), Cost(1_000, 0.01)
    return Outcome(
        prometheus="2.42.0",
        sloth="0.16.0",
        moments=(Moment(shape.name, "page", "fires", 100, 100, 100),),
        periods=(Period(shape, 0.001, 0.001, float("nan")),),
        prices=(Price(shape.name, cheap, dear, cheap, dear),),
        generated=10,
        ours_seconds=(2.0, 1.0),
        sloth_seconds=(1.5, 2.0),
    )


def test_a_good_outcome() -> None:
    good = outcome()
    assert list(good.failures()) == []
    assert summary(good) == "alerts_compared=1 unexplained_differences=0 samples_ratio=0.10 generate_ratio=0.67"
    assert "| errors-100 | 0.1000% | 0.1000% | NaN |" in page(good)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (replace(outcome(), moments=(Moment("t", "page", "fires", None, 1, 1),)), "1 differences"),
        (replace(outcome(), periods=(Period(shapes()[0], 0.001, 0.0012, 0.001),)), "1 differences"),
        (replace(outcome(), periods=(Period(shapes()[0], 0.001, None, 0.001),)), "1 differences"),
        (replace(outcome(), ours_seconds=(3.0,)), "generating takes 2.00 times"),
        (replace(outcome(), prices=(replace(outcome().prices[0], ours_period=Cost(300, 0.001)),)), "30d: 300 samples"),
        (replace(outcome(), prices=(replace(outcome().prices[0], ours=Cost(100, 0.02)),)), "all rules: 0.020000 s"),
    ],
)
def test_an_outcome_that_falls_short(bad: Outcome, said: str) -> None:
    assert [said in failure for failure in bad.failures()] == [True]
