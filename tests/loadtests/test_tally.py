import pytest

from loadtests.answers import Answer, judge
from loadtests.records import Attempt
from loadtests.tally import Tally, quantile
from loadtests.traffic import Event, Tenant, usage_report

REPORT = usage_report(Tenant("t1", "key"), (Event("e1", "verify_events", 1, "2026-01-01T00:00:00Z"),))
ACCEPTED = Answer(200, b'{"results": [{"event_id": "e1", "status": "accepted"}]}')
NO_ANSWER = Answer(0, error="ConnectionResetError")


def counted(*answers: Answer) -> Tally:
    tally = Tally()
    for number, answer in enumerate(answers, start=1):
        verdict = judge(REPORT, answer)
        attempt = Attempt(REPORT.name, 1.0, 1.25, 2.0, answer.status, verdict.ok, verdict.error, number)
        tally.count_attempt(REPORT, attempt, verdict)
    return tally


def test_a_report_that_is_answered_in_the_end_leaves_nothing_unresolved() -> None:
    summary = counted(NO_ANSWER, NO_ANSWER, ACCEPTED).summary(10.0)
    assert (summary.arrivals, summary.sent, summary.attempts) == (1, 1, 3)
    assert (summary.resent, summary.failed) == (2, 2)
    assert (summary.acknowledged_events, summary.unresolved_events) == (1, 0)
    assert summary.late_p99_seconds == 0.25


def test_a_report_that_is_never_answered_stays_unresolved() -> None:
    summary = counted(NO_ANSWER, NO_ANSWER).summary(10.0)
    assert (summary.acknowledged_events, summary.unresolved_events) == (0, 1)


def test_refused_events_are_resolved_and_counted_by_code() -> None:
    summary = counted(Answer(429, b'{"code": "rate_limited"}')).summary(10.0)
    assert summary.refused_events == {"429 rate_limited": 1}
    assert summary.unresolved_events == 0


def test_dropped_arrivals_count_as_arrivals() -> None:
    tally = counted(ACCEPTED)
    tally.dropped = 4
    assert (tally.summary(1.0).arrivals, tally.summary(1.0).sent) == (5, 1)


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 50), (0.99, 99), (1.0, 100)])
def test_quantiles_are_values_that_occurred(share: float, value: int) -> None:
    assert quantile([float(n) for n in range(1, 101)], share) == value


def test_a_quantile_of_nothing_is_zero() -> None:
    assert quantile([], 0.99) == 0.0
