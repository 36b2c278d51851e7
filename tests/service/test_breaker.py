from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.payments.breaker import Breaker, State

THRESHOLD = 3
OPEN_SECONDS = 10.0


@dataclass
class Bench:
    """A breaker under a clock that stands still, and the changes of state that it told of."""

    now: float = 0.0
    changes: list = field(default_factory=list)

    def __post_init__(self):
        self.breaker = Breaker(THRESHOLD, OPEN_SECONDS, lambda: self.now, lambda *change: self.changes.append(change))

    def fail(self, times=1):
        for _ in range(times):
            self.breaker.failed(self.breaker.admit())

    def opened(self):
        self.fail(THRESHOLD)
        return self

    def probing(self):
        self.opened().now += OPEN_SECONDS
        return self.breaker.admit()


@pytest.fixture
def bench():
    return Bench()


def test_it_opens_after_failures_in_a_row(bench):
    bench.fail(THRESHOLD - 1)
    assert bench.breaker.state is State.CLOSED
    bench.fail()
    assert bench.breaker.state is State.OPEN
    assert bench.breaker.admit() is None


def test_an_answer_between_failures_starts_the_count_again(bench):
    bench.fail(THRESHOLD - 1)
    bench.breaker.succeeded(bench.breaker.admit())
    bench.fail(THRESHOLD - 1)
    assert bench.breaker.state is State.CLOSED


def test_an_open_breaker_lets_one_probe_through_when_its_time_is_over(bench):
    bench.opened().now += OPEN_SECONDS - 0.001
    assert bench.breaker.admit() is None
    bench.now += 0.001
    assert bench.breaker.admit() is not None
    assert bench.breaker.state is State.HALF_OPEN
    assert bench.breaker.admit() is None


def test_a_probe_that_is_answered_closes_it(bench):
    bench.breaker.succeeded(bench.probing())
    assert bench.breaker.state is State.CLOSED


def test_a_probe_that_fails_opens_it_for_the_whole_time_again(bench):
    bench.breaker.failed(bench.probing())
    bench.now += OPEN_SECONDS - 0.001
    assert bench.breaker.admit() is None


def test_a_probe_whose_caller_went_away_is_made_again_at_once(bench):
    bench.breaker.abandoned(bench.probing())
    assert bench.breaker.admit() is not None


def test_what_began_before_the_state_changed_does_not_count(bench):
    late_success, late_failure = bench.breaker.admit(), bench.breaker.admit()
    probe = bench.probing()
    bench.breaker.succeeded(late_success)
    assert bench.breaker.state is State.HALF_OPEN
    bench.breaker.succeeded(probe)
    bench.fail(THRESHOLD - 1)
    bench.breaker.failed(late_failure)
    assert bench.breaker.state is State.CLOSED


def test_it_tells_of_every_change(bench):
    bench.breaker.succeeded(bench.probing())
    assert bench.changes == [
        (State.CLOSED, State.OPEN),
        (State.OPEN, State.HALF_OPEN),
        (State.HALF_OPEN, State.CLOSED),
    ]


ENDINGS = st.sampled_from(["succeeded", "failed", "abandoned"])
STEPS = st.lists(
    st.one_of(
        st.just("admit"),
        st.tuples(ENDINGS, st.integers(min_value=0, max_value=9)),
        st.floats(min_value=0, max_value=2 * OPEN_SECONDS),
    ),
    max_size=80,
)


@given(STEPS)
def test_whatever_happens_nobody_is_asked_too_early_only_one_probes_and_it_can_always_close(steps):
    bench, pending, opened_at = Bench(), [], None
    for step in steps:
        before = bench.breaker.state
        if step == "admit":
            permit = bench.breaker.admit()
            if permit is None:
                assert before is not State.CLOSED
                assert before is State.HALF_OPEN or bench.now < opened_at + OPEN_SECONDS
            else:
                assert before is not State.HALF_OPEN
                assert before is State.CLOSED or bench.now >= opened_at + OPEN_SECONDS
                pending.append(permit)
        elif isinstance(step, tuple):
            if pending:
                ending, which = step
                getattr(bench.breaker, ending)(pending.pop(which % len(pending)))
        else:
            bench.now += step
        if bench.breaker.state is State.OPEN and before is not State.OPEN and step[0] == "failed":
            opened_at = bench.now
    for permit in pending:
        bench.breaker.abandoned(permit)
    bench.now += OPEN_SECONDS
    bench.breaker.succeeded(bench.breaker.admit())
    assert bench.breaker.state is State.CLOSED


@given(st.lists(st.booleans(), max_size=40))
def test_while_closed_it_opens_exactly_when_the_last_answers_were_all_failures(answers):
    bench, seen = Bench(), []
    for answered in answers:
        permit = bench.breaker.admit()
        (bench.breaker.succeeded if answered else bench.breaker.failed)(permit)
        seen.append(answered)
        if seen[-THRESHOLD:] == [False] * THRESHOLD:
            assert bench.breaker.state is State.OPEN
            return
        assert bench.breaker.state is State.CLOSED
