import json

import pytest

from loadtests.answers import Answer, judge
from loadtests.traffic import Event, Tenant, tenant_read, usage_report

TENANT = Tenant("t1", "key")
EVENTS = tuple(Event(f"e{n}", "verify_events", n, "2026-01-01T00:00:00.000Z") for n in range(1, 4))
REPORT = usage_report(TENANT, EVENTS)


def outcomes(*statuses: str, code: str | None = None) -> Answer:
    results = [
        {"event_id": event.event_id, "status": status} | ({"code": code} if code else {})
        for event, status in zip(EVENTS, statuses, strict=False)
    ]
    return Answer(200, json.dumps({"results": results}).encode())


def test_accepted_and_duplicate_are_acknowledged() -> None:
    verdict = judge(REPORT, outcomes("accepted", "duplicate", "accepted"))
    assert verdict.ok
    assert verdict.settled
    assert verdict.acknowledged == EVENTS


def test_conflict_and_rejected_are_refused_and_settled() -> None:
    verdict = judge(REPORT, outcomes("accepted", "conflict", "rejected"))
    assert verdict.ok
    assert verdict.settled
    assert verdict.acknowledged == EVENTS[:1]
    assert verdict.refused == {"conflict": 1, "rejected": 1}


def test_a_refusal_is_counted_by_its_code() -> None:
    verdict = judge(REPORT, outcomes("rejected", "rejected", "rejected", code="TRIAL_LIMIT_EXCEEDED"))
    assert verdict.refused == {"TRIAL_LIMIT_EXCEEDED": 3}


@pytest.mark.parametrize(
    "answer",
    [
        Answer(0, error="TimeoutError: timed out"),
        Answer(503, b'{"code": "ledger_unavailable"}'),
        Answer(500, b"<html>"),
        Answer(200, b""),
        Answer(200, b"{}"),
        Answer(200, b'{"results": []}'),
        outcomes("accepted", "accepted"),
        outcomes("accepted", "accepted", "perhaps"),
    ],
)
def test_reports_without_every_outcome_fail_and_are_sent_again(answer: Answer) -> None:
    verdict = judge(REPORT, answer)
    assert not verdict.ok
    assert not verdict.settled
    assert verdict.error
    assert verdict.acknowledged == ()


def test_the_error_says_what_went_wrong() -> None:
    assert judge(REPORT, Answer(503, b'{"code": "ledger_unavailable"}')).error == "503 ledger_unavailable"
    assert judge(REPORT, Answer(500, b"<html>")).error == "500 without a problem document"
    assert "e3 is missing" in (judge(REPORT, outcomes("accepted", "accepted")).error or "")


def test_a_client_error_is_an_answer_and_settles_the_report() -> None:
    verdict = judge(REPORT, Answer(429, b'{"code": "rate_limited"}'))
    assert verdict.ok
    assert verdict.settled
    assert verdict.refused == {"429 rate_limited": 3}


def test_reads_are_never_sent_again() -> None:
    verdict = judge(tenant_read(TENANT), Answer(503))
    assert not verdict.ok
    assert verdict.settled
