from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.lifecycle import DAY_SECONDS, Facts, TransitionRefused, load_lifecycle
from service.domain.lifecycle_page import page
from service.domain.lifecycle_terms import Permission, SubscriptionStatus
from service.domain.tenant import Dunning, TenantStatus

LIFECYCLE = load_lifecycle()
PAGE = Path(__file__).parents[2] / "docs" / "lifecycle.md"
NOW = 1_800_000_000

MOMENTS = st.integers(NOW - 40 * DAY_SECONDS, NOW + 40 * DAY_SECONDS)
SUBSCRIPTIONS = st.sampled_from(list(SubscriptionStatus))
FACTS = st.builds(Facts, SUBSCRIPTIONS, st.none() | MOMENTS, st.none() | MOMENTS)
SEVERITY = [("active", "current"), ("active", "late"), ("grace", "grace"), ("suspended", "suspended")]


def stand(facts, now=NOW):
    standing = LIFECYCLE.derive(facts, now)
    return standing.status, standing.dunning


@pytest.mark.parametrize(
    ("subscription", "overdue_days", "expected"),
    [
        ("trialing", None, ("trial", "current")),
        ("trialing", 30, ("trial", "current")),
        ("active", None, ("active", "current")),
        ("active", -1, ("active", "current")),
        ("past_due", None, ("active", "late")),
        ("past_due", 0, ("active", "late")),
        ("past_due", 2.99, ("active", "late")),
        ("past_due", 3, ("grace", "grace")),
        ("active", 3, ("grace", "grace")),
        ("past_due", 13.99, ("grace", "grace")),
        ("past_due", 14, ("suspended", "suspended")),
        ("unpaid", None, ("suspended", "suspended")),
        ("paused", None, ("suspended", "suspended")),
        ("canceled", 20, ("canceled", "current")),
        ("incomplete_expired", None, ("canceled", "current")),
        ("none", None, ("canceled", "current")),
    ],
)
def test_the_facts_decide(subscription, overdue_days, expected):
    since = None if overdue_days is None else NOW - int(overdue_days * DAY_SECONDS)
    assert stand(Facts(SubscriptionStatus(subscription), since)) == expected


@given(FACTS, MOMENTS)
def test_every_case_is_decided(facts, now):
    status, dunning = stand(facts, now)
    assert LIFECYCLE.permits(status, dunning, Permission.READ)
    assert LIFECYCLE.derive(facts, now).cancel_at == (None if status == "canceled" else facts.cancel_at)


@given(st.sampled_from(["active", "past_due"]), MOMENTS, MOMENTS, MOMENTS)
def test_the_longer_unpaid_the_stricter(subscription, since, one, other):
    facts = Facts(SubscriptionStatus(subscription), since)
    early, late = sorted((one, other))
    assert SEVERITY.index(stand(facts, early)) <= SEVERITY.index(stand(facts, late))


@given(FACTS, MOMENTS, st.integers(0, 80 * DAY_SECONDS))
def test_nothing_changes_before_the_next_review_and_something_changes_at_it(facts, now, wait):
    review = LIFECYCLE.derive(facts, now).next_review_at
    if review is None:
        assert stand(facts, now + wait) == stand(facts, now)
    else:
        assert review > now
        assert stand(facts, min(now + wait, review - 1)) == stand(facts, now)
        assert stand(facts, review) != stand(facts, now)


@given(FACTS, MOMENTS, FACTS, MOMENTS)
def test_every_change_that_facts_can_cause_has_a_reason_unless_the_first_is_final(before, then, after, now):
    source, target = stand(before, then), stand(after, now)
    if source == target:
        return
    if LIFECYCLE.is_final(*source):
        with pytest.raises(TransitionRefused, match="canceled/current to"):
            LIFECYCLE.reason(source, target)
    else:
        assert LIFECYCLE.reason(source, target)


def test_only_the_canceled_stay_for_good():
    final = [pair for pair in [("trial", "current"), *SEVERITY, ("canceled", "current")] if LIFECYCLE.is_final(*pair)]
    assert final == [("canceled", "current")]


@pytest.mark.parametrize("pair", [("suspended", "suspended"), ("canceled", "current")])
def test_the_suspended_and_the_canceled_report_no_usage(pair):
    status, dunning = TenantStatus(pair[0]), Dunning(pair[1])
    assert not LIFECYCLE.permits(status, dunning, Permission.REPORT_USAGE)


def test_a_status_that_was_set_alone_is_put_in_order():
    assert LIFECYCLE.reason((TenantStatus.CANCELED, Dunning.LATE), (TenantStatus.CANCELED, Dunning.CURRENT))
    with pytest.raises(TransitionRefused):
        LIFECYCLE.reason((TenantStatus.CANCELED, Dunning.LATE), (TenantStatus.ACTIVE, Dunning.CURRENT))


def test_a_pair_that_is_no_standing_permits_nothing():
    assert not any(LIFECYCLE.permits(TenantStatus.TRIAL, Dunning.LATE, right) for right in Permission)


def test_the_page_is_made_from_the_data():
    assert PAGE.read_text("utf-8") == page(LIFECYCLE), "docs/lifecycle.md: expected `billing lifecycle-docs`' output"
