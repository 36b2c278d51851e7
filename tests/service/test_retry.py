import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.payments.retry import (
    BASE_SECONDS,
    CEILING_SECONDS,
    Failure,
    RetryBudget,
    is_outage,
    is_transient,
    pause_seconds,
)


@pytest.mark.parametrize("status", [None, 409, 429, 500, 502, 503, 504])
def test_no_answer_a_conflict_overload_and_failures_of_the_other_side_are_worth_another_try(status):
    assert is_transient(Failure(status))


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404])
def test_a_refusal_is_not_worth_another_try(status):
    assert not is_transient(Failure(status))


@pytest.mark.parametrize(("status", "word", "expected"), [(400, "true", True), (429, "false", False)])
def test_stripes_word_counts_more_than_the_status(status, word, expected):
    assert is_transient(Failure.of(status, {"stripe-should-retry": word})) is expected


def test_an_answer_from_memory_never_changes_and_says_nothing_of_today():
    replay = Failure.of(500, {"idempotent-replayed": "true", "stripe-should-retry": "true"})
    assert not is_transient(replay)
    assert not is_outage(replay)


@pytest.mark.parametrize(("status", "expected"), [(None, True), (500, True), (503, True), (429, False), (400, False)])
def test_only_silence_and_failures_of_the_other_side_are_an_outage(status, expected):
    assert is_outage(Failure(status)) is expected


@pytest.mark.parametrize(
    ("text", "seconds"), [("2", 2.0), ("0", 0.0), ("", 0.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0), ("-1", 0.0)]
)
def test_retry_after_is_read_in_seconds_and_in_any_case(text, seconds):
    assert Failure.of(429, {"Retry-After": text}).retry_after_seconds == seconds


@pytest.mark.parametrize(("retry", "ceiling"), [(0, BASE_SECONDS), (1, 0.2), (2, 0.4), (9, CEILING_SECONDS)])
def test_pauses_are_drawn_from_zero_to_a_doubling_ceiling(retry, ceiling):
    drawn = []
    pause_seconds(retry, Failure(500), lambda low, high: drawn.append((low, high)) or 0.0)
    assert drawn == [(0.0, pytest.approx(ceiling))]


def test_a_pause_is_never_shorter_than_stripe_asked_for():
    assert pause_seconds(0, Failure(429, retry_after_seconds=2.0), lambda low, _: low) == 2.0


def test_an_unused_budget_affords_its_capacity_and_no_more():
    budget = RetryBudget(share_percent=10, capacity_retries=3)
    assert [budget.withdraw() for _ in range(4)] == [True, True, True, False]


def test_a_spent_budget_affords_a_retry_for_every_ten_calls():
    budget = RetryBudget(share_percent=10, capacity_retries=1)
    budget.withdraw()
    for _ in range(9):
        budget.deposit()
    assert not budget.withdraw()
    budget.deposit()
    assert budget.withdraw()


@given(st.lists(st.booleans(), max_size=200), st.integers(1, 100), st.integers(0, 5))
def test_retries_never_exceed_the_share_of_the_calls_and_the_capacity(asks, share, capacity):
    budget, calls, retries = RetryBudget(share, capacity), 0, 0
    for is_retry in asks:
        if is_retry:
            retries += budget.withdraw()
        else:
            budget.deposit()
            calls += 1
        assert retries * 100 <= calls * share + capacity * 100
