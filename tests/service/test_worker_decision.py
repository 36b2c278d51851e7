import pytest

from service.domain.lifecycle import DAY_SECONDS, Facts, Standing, TransitionRefused, load_lifecycle
from service.domain.lifecycle_terms import SubscriptionStatus
from service.domain.tenant import Dunning, Plan, Tenant, TenantStatus
from service.payments.objects import Account, SubscriptionFacts, UnpaidInvoice
from service.worker.decision import AccountIncomplete, Step, facts_of, steps, subscription_of

LIFECYCLE = load_lifecycle()
NOW = 1_800_000_000
HOUR = NOW // 3600 * 3600


def tenant(**changes):
    known = {
        "tenant_id": "0a" * 16,
        "name": "Example",
        "email": "billing@example.com",
        "plan": Plan.PRO,
        "status": TenantStatus.ACTIVE,
        "dunning": Dunning.CURRENT,
        "customer_id": "cus_1",
        "subscription_id": "sub_1",
        "created_at": NOW - 100 * DAY_SECONDS,
        "trial_ends_at": HOUR,
    }
    return Tenant(**{**known, **changes})


def subscription(**changes):
    known = {
        "id": "sub_1",
        "status": "active",
        "plan": Plan.PRO,
        "created": NOW,
        "trial_end": HOUR,
        "cancel_at": None,
        "canceled_at": None,
        "ended_at": None,
        "period_start": None,
        "period_end": None,
    }
    return SubscriptionFacts(**{**known, **changes})


def invoice(created, due=None, attempts=0):
    return UnpaidInvoice("in_1", created, due, 100, attempts, None)


def account(*subscriptions, invoices=(), is_deleted=False):
    return Account("cus_1", is_deleted, "0a" * 16, "pm_1", ("pm_1",), subscriptions, tuple(invoices))


def decided(before, current, invoices=()):
    standing = LIFECYCLE.derive(facts_of(account(current, invoices=invoices), current), NOW)
    return list(steps(before, current, standing, LIFECYCLE, NOW))


@pytest.mark.parametrize(
    ("status", "invoices", "since"),
    [
        ("active", [], None),
        ("active", [invoice(NOW)], None),
        ("active", [invoice(NOW, attempts=1)], NOW),
        ("past_due", [invoice(NOW)], NOW),
        ("active", [invoice(NOW, due=NOW + 5)], NOW + 5),
        ("past_due", [invoice(NOW), invoice(NOW - 9, attempts=4), invoice(NOW + 1)], NOW - 9),
    ],
)
def test_the_oldest_uncollected_invoice_counts(status, invoices, since):
    current = subscription(status=status)
    assert facts_of(account(current, invoices=invoices), current) == Facts(SubscriptionStatus(status), since)


def test_the_tenants_own_subscription_counts_among_several():
    other = subscription(id="sub_2", status="canceled")
    assert subscription_of(account(other, subscription()), tenant()) == subscription()


def test_a_subscription_that_stripe_does_not_show_cancels_nothing():
    with pytest.raises(AccountIncomplete, match="sub_1"):
        subscription_of(account(subscription(id="sub_2", status="canceled")), tenant())


def test_a_deleted_customer_is_canceled():
    gone = account(is_deleted=True)
    assert subscription_of(gone, tenant()) is None
    standing = LIFECYCLE.derive(facts_of(gone, None), NOW)
    (step,) = steps(tenant(), None, standing, LIFECYCLE, NOW)
    assert step.changes["status"] == "canceled"
    assert step.changes["canceled_at"] == NOW


@pytest.mark.parametrize(
    ("before", "current", "expected"),
    [
        ({}, {}, []),
        ({}, {"plan": None, "trial_end": None}, []),
        ({}, {"plan": Plan.STARTER}, [Step("tenant.plan_changed", {"plan": Plan.STARTER})]),
        ({}, {"trial_end": HOUR + 1}, [Step("tenant.trial_moved", {"trial_ends_at": HOUR + 3600})]),
        ({}, {"cancel_at": NOW}, [Step("tenant.cancel_requested", {"cancel_at": NOW})]),
        ({"cancel_at": NOW}, {}, [Step("tenant.cancel_withdrawn", {"cancel_at": None})]),
        (
            {"dunning": Dunning.LATE},
            {},
            [
                Step(
                    "tenant.status_changed",
                    {"status": TenantStatus.ACTIVE, "dunning": Dunning.CURRENT},
                    {"because": "every overdue invoice is paid"},
                )
            ],
        ),
        (
            {"cancel_at": NOW},
            {"status": "canceled", "ended_at": NOW - 1, "plan": Plan.STARTER, "cancel_at": NOW},
            [
                Step(
                    "tenant.status_changed",
                    {
                        "status": TenantStatus.CANCELED,
                        "dunning": Dunning.CURRENT,
                        "cancel_at": None,
                        "canceled_at": NOW - 1,
                    },
                    {"because": "the subscription ended"},
                )
            ],
        ),
    ],
)
def test_only_what_differs_is_changed(before, current, expected):
    assert decided(tenant(**before), subscription(**current)) == expected


def test_what_was_decided_once_is_not_decided_again():
    current = subscription(status="past_due", plan=Plan.STARTER, cancel_at=NOW + 5, trial_end=HOUR - 7)
    invoices = [invoice(NOW - 4 * DAY_SECONDS, attempts=1)]
    changes = {name: value for step in decided(tenant(), current, invoices) for name, value in step.changes.items()}
    assert changes["status"] == "grace"
    assert decided(tenant(**changes), current, invoices) == []


def test_nothing_is_changed_where_the_transition_is_refused():
    canceled = tenant(status=TenantStatus.CANCELED, canceled_at=NOW)
    standing = Standing(TenantStatus.ACTIVE, Dunning.CURRENT, None, None)
    decision = steps(canceled, subscription(plan=Plan.STARTER), standing, LIFECYCLE, NOW)
    with pytest.raises(TransitionRefused):
        next(decision)
