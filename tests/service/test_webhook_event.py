import pytest

from service.domain.webhook_event import HANDLED, METER_ERRORS, EventFormatError, WebhookEvent, read_event
from service.telemetry.registry import load_registry

INVOICE = {
    "id": "in_1",
    "customer": "cus_1",
    "number": "A-1",
    "currency": "usd",
    "amount_due": 19_900,
    "amount_paid": 0,
    "amount_remaining": 19_900,
    "attempt_count": 2,
    "next_payment_attempt": None,
}


def snapshot(kind, thing, previous=None):
    data = {"object": thing} if previous is None else {"object": thing, "previous_attributes": previous}
    return {"object": "event", "id": "evt_1", "type": kind, "created": 1_800_000_000, "data": data}


@pytest.mark.parametrize(
    ("kind", "thing", "details"),
    [
        ("customer.subscription.updated", {"customer": "cus_1", "status": "active"}, {}),
        ("customer.subscription.trial_will_end", {"customer": "cus_1", "trial_end": 7}, {"trial_ends_at": 7}),
        (
            "invoice.payment_failed",
            INVOICE,
            {
                "invoice": "in_1",
                "number": "A-1",
                "currency": "usd",
                "amount_remaining_cents": 19_900,
                "attempt": 2,
                "next_attempt_at": None,
            },
        ),
        (
            "charge.failed",
            {"id": "ch_1", "customer": "cus_1", "currency": "usd", "amount": 5, "failure_message": "declined"},
            {"charge": "ch_1", "currency": "usd", "amount_cents": 5, "code": None, "reason": "declined"},
        ),
        (
            "payment_method.attached",
            {"id": "pm_1", "customer": {"id": "cus_1"}, "type": "card", "card": {"brand": "visa", "last4": "4242"}},
            {"payment_method": "pm_1", "kind": "card", "brand": "visa", "last4": "4242"},
        ),
    ],
)
def test_an_event_is_cut_down_to_what_is_needed(kind, thing, details):
    assert read_event(snapshot(kind, thing)) == WebhookEvent("evt_1", kind, 1_800_000_000, "cus_1", details)


def test_a_detached_payment_method_still_names_its_customer():
    event = read_event(snapshot("payment_method.detached", {"id": "pm_1", "customer": None}, {"customer": "cus_1"}))
    assert event.customer_id == "cus_1"


def test_a_thin_event_names_only_itself():
    kind = "v1.billing.meter.error_report_triggered"
    thin = {"object": "v2.core.event", "id": "evt_2", "type": kind, "created": "2027-01-15T08:00:00.000Z"}
    assert read_event(thin) == WebhookEvent("evt_2", kind, 1_800_000_000, "", {})


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"object": "event"},
        {"object": "event", "id": 1, "type": "a", "created": 1, "data": {}},
        {"object": "event", "id": "evt_1", "type": "a", "created": "now", "data": {}},
        {"object": "v2.core.event", "id": "evt_1", "type": "a", "created": "yesterday"},
    ],
)
def test_anything_else_is_no_event(document):
    with pytest.raises(EventFormatError):
        read_event(document)


@pytest.mark.parametrize("data", [{}, {"object": None}, {"object": []}, {"object": {"customer": 5, "card": 5}}])
@pytest.mark.parametrize("kind", sorted(HANDLED - METER_ERRORS))
def test_an_event_may_lack_whatever_it_tells_of(kind, data):
    event = read_event({"object": "event", "id": "evt_1", "type": kind, "created": 1, "data": data})
    assert event.customer_id == ""
    assert not any(event.details.values())


def test_the_registry_lists_the_types_that_have_an_effect():
    attributes = {a.name: a.values for metric in load_registry().metrics for a in metric.attributes}
    assert set(attributes["billing.webhook.type"]) == {*HANDLED, "_OTHER"}
