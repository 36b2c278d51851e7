from collections.abc import Callable
from dataclasses import replace

import pytest

from chaos.timeline import MARKS, Timeline, Witnesses, timeline_of

FAULT = 1_000_000.0


def test_all_eleven_marks_are_dated_in_causal_order(witnesses: Witnesses) -> None:
    timeline = timeline_of(witnesses)
    assert tuple(mark.name for mark in timeline.marks) == MARKS
    assert timeline.missing == []
    assert timeline.out_of_order == []


def test_detection_and_repair_are_counted_from_the_fault(witnesses: Witnesses) -> None:
    timeline = timeline_of(witnesses)
    assert timeline.mttd_seconds == pytest.approx(12.6)
    assert timeline.mttr_seconds == pytest.approx(14.05)


def test_recovery_is_the_first_of_many_good_requests_not_a_lucky_one(witnesses: Witnesses) -> None:
    flapping = [replace(one, ok=one.ok and not FAULT + 14.3 < one.intended < FAULT + 15) for one in witnesses.requests]
    assert timeline_of(replace(witnesses, requests=flapping)).mttr_seconds == pytest.approx(15.05)


@pytest.mark.parametrize("kind", ["fault_injected", "effect_confirmed", "notified", "mitigated", "resolved"])
def test_a_mark_that_never_came_is_missing_not_invented(without_event: Callable[[str], Witnesses], kind: str) -> None:
    timeline = timeline_of(without_event(kind))
    assert kind in timeline.missing


def test_no_first_failure_is_claimed_before_the_effect_is_confirmed(without_event: Callable[[str], Witnesses]) -> None:
    assert "first_failure" in timeline_of(without_event("effect_confirmed")).missing


def test_effects_before_their_cause_are_named(witnesses: Witnesses) -> None:
    early = replace(witnesses.observed, alert_firing=FAULT - 1)
    timeline = timeline_of(replace(witnesses, observed=early))
    assert timeline.out_of_order == ["alert_firing before alert_pending"]


def test_mark_times_are_rfc_3339_with_milliseconds(witnesses: Witnesses) -> None:
    assert timeline_of(witnesses).marks[0].text == "1970-01-12T13:46:40.000Z"


def test_an_empty_timeline_has_no_durations() -> None:
    empty = Timeline(())
    assert empty.mttd_seconds is None
    assert empty.mttr_seconds is None
    assert empty.missing == list(MARKS)
