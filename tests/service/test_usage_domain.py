from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.billing_period import billing_instant
from service.domain.c2pa_facts import C2paFacts, Discovery, Operation, Verification
from service.domain.correction import CORRECTION, read_correction
from service.domain.timestamp import parse_rfc3339
from service.domain.usage import Rejection, UsageEvent, parse_event
from service.errors import ValidationError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GOOD = {"event_id": "a.B_c:d-1", "event_type": "sign_events", "value": 1, "timestamp": "2026-03-01T11:59:00Z"}
CORRECT = {
    "correction_id": "c-1",
    "event_type": "sign_events",
    "value": -3,
    "timestamp": "2026-03-01T11:59:00Z",
    "reason": "reported twice",
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def stamp(offset):
    return (NOW + offset).isoformat()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"event_id": ""}, "invalid_event_id"),
        ({"event_id": "x" * 129}, "invalid_event_id"),
        ({"event_id": "a b"}, "invalid_event_id"),
        ({"event_id": "é"}, "invalid_event_id"),
        ({"event_id": 7}, "invalid_event_id"),
        ({"event_id": "a\n"}, "invalid_event_id"),
        ({"event_type": "views"}, "unknown_event_type"),
        ({"event_type": ["sign_events"]}, "unknown_event_type"),
        ({"value": 0}, "invalid_value"),
        ({"value": 1_000_001}, "invalid_value"),
        ({"value": True}, "invalid_value"),
        ({"value": 1.0}, "invalid_value"),
        ({"value": "1"}, "invalid_value"),
        ({"timestamp": "2026-03-01T12:00:00"}, "invalid_timestamp"),
        ({"timestamp": "2026-02-30T12:00:00Z"}, "invalid_timestamp"),
        ({"timestamp": "2026-03-01 12:00:00Z"}, "invalid_timestamp"),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, "invalid_timestamp"),
        ({"timestamp": 1_772_366_400}, "invalid_timestamp"),
        ({"timestamp": stamp(-timedelta(days=35, microseconds=1))}, "timestamp_too_old"),
        ({"timestamp": stamp(timedelta(minutes=5, microseconds=1))}, "timestamp_in_future"),
        ({"properties": None}, "invalid_properties"),
        ({"properties": {"a": {}}}, "invalid_properties"),
        ({"properties": {"a": 1.5}}, "invalid_properties"),
        ({"properties": {"": 1}}, "invalid_properties"),
        ({"properties": {"a": "x" * 257}}, "invalid_properties"),
        ({"properties": {"a": "x\u0000"}}, "invalid_properties"),
        ({"properties": {"a": "x\ny"}}, "invalid_properties"),
        ({"properties": {"a": "\u202egnp.exe"}}, "invalid_properties"),
        ({"properties": {"a": "\U000e0041"}}, "invalid_properties"),
        ({"properties": {"a\u200b": 1}}, "invalid_properties"),
        ({"properties": {str(n): n for n in range(11)}}, "invalid_properties"),
        ({"extra": 1}, "unknown_field"),
    ],
)
def test_a_bad_event_is_rejected_by_the_rule_that_it_breaks(changes, code):
    rejection = parse_event(GOOD | changes, NOW)
    assert isinstance(rejection, Rejection)
    assert rejection.code == code


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": stamp(-timedelta(days=35))},
        {"timestamp": stamp(timedelta(minutes=5))},
        {"timestamp": "2026-03-01T11:59:00.123456789+00:00"},
        {"value": 1_000_000},
        {"event_id": "x" * 128},
        {"properties": {str(n): "x" * 256 for n in range(10)}},
        {"properties": {"flag": True, "count": -3}},
    ],
)
def test_an_event_at_the_edge_of_the_rules_is_taken(changes):
    assert isinstance(parse_event(GOOD | changes, NOW), UsageEvent)


@pytest.mark.parametrize("field", GOOD)
def test_each_required_field_is_required(field):
    body = {name: value for name, value in GOOD.items() if name != field}
    rejection = parse_event(body, NOW)
    assert isinstance(rejection, Rejection)
    assert rejection.code == f"missing_{field}"


@given(json_values)
def test_no_json_value_breaks_the_parser(value):
    assert isinstance(parse_event(value, NOW), Rejection)


@given(st.dictionaries(st.sampled_from([*GOOD, "properties"]), json_values))
def test_no_field_value_breaks_the_parser(changes):
    assert isinstance(parse_event(GOOD | changes, NOW), Rejection | UsageEvent)


def digest(**changes):
    event = parse_event(GOOD | changes, NOW)
    assert isinstance(event, UsageEvent)
    return event.digest()


def test_two_spellings_of_one_event_have_one_digest():
    spelled = digest(timestamp="2026-03-01T12:59:00.000+01:00", properties={})
    assert spelled == digest()
    assert digest(properties={"a": 1, "b": 2}) == digest(properties={"b": 2, "a": 1})


@pytest.mark.parametrize(
    "changes",
    [
        {"value": 2},
        {"event_type": "verify_events"},
        {"timestamp": "2026-03-01T11:59:00.000001Z"},
        {"properties": {"a": 1}},
        {"properties": {"a": True}},
        {"properties": {"a": "1"}},
    ],
)
def test_a_different_event_has_a_different_digest(changes):
    others = {digest(), digest(properties={"a": 1}), digest(properties={"a": True}), digest(properties={"a": "1"})}
    assert len(others) == 4
    assert digest(**changes) != digest()


@pytest.mark.parametrize(
    ("event_type", "properties", "fair"),
    [
        ("sign_events", {"outcome": "success", "discovery": "remote", "duration_ms": 0}, True),
        ("rfc3161_timestamps", {"outcome": "failure", "duration_ms": 600_000}, True),
        ("verify_events", {"outcome": "found", "discovery": "embedded"}, True),
        ("verify_events", {"outcome": "invalid", "colour": "red"}, True),
        ("verify_events", {"outcome": "success"}, False),
        ("sign_events", {"outcome": "found"}, False),
        ("sign_events", {"outcome": True}, False),
        ("verify_events", {"discovery": "unknown"}, False),
        ("verify_events", {"discovery": 1}, False),
        ("verify_events", {"duration_ms": 600_001}, False),
        ("verify_events", {"duration_ms": -1}, False),
        ("verify_events", {"duration_ms": True}, False),
        ("verify_events", {"duration_ms": "5"}, False),
    ],
)
def test_properties_with_a_meaning_have_known_values(event_type, properties, fair):
    event = parse_event(GOOD | {"event_type": event_type, "properties": properties}, NOW)
    assert isinstance(event, UsageEvent) is fair
    assert fair or event.code == "invalid_properties"


def test_facts_are_read_from_the_properties():
    properties = {"outcome": "missing", "discovery": "remote", "duration_ms": 450}
    event = parse_event(GOOD | {"event_type": "verify_events", "properties": properties}, NOW)
    assert event.facts() == C2paFacts(Operation.VERIFY, Discovery.REMOTE, Verification.MISSING, 0.45)
    silent = parse_event(GOOD | {"properties": {"outcome": "success"}}, NOW)
    assert silent.facts() == C2paFacts(Operation.SIGN, Discovery.UNKNOWN, None, None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"value": 0}, "value"),
        ({"value": 1_000_001}, "value"),
        ({"value": -1_000_001}, "value"),
        ({"value": True}, "value"),
        ({"value": 1.0}, "value"),
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"correction_id": "a b"}, "correction_id"),
        ({"event_type": "views"}, "event_type"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_bad_correction_names_its_field(changes, field):
    assert not list(CORRECTION.faults(CORRECT, ""))
    assert [fault.field for fault in CORRECTION.faults(CORRECT | changes, "")] == [field]


@pytest.mark.parametrize("offset", [-timedelta(days=35, microseconds=1), timedelta(minutes=5, microseconds=1)])
def test_a_correction_is_for_a_time_that_events_may_have(offset):
    with pytest.raises(ValidationError) as caught:
        read_correction(CORRECT | {"timestamp": stamp(offset)}, NOW)
    assert [bad.field for bad in caught.value.fields] == ["timestamp"]


def test_a_corrections_digest_tells_contents_apart_and_not_spellings():
    one = read_correction(CORRECT, NOW)
    assert read_correction(CORRECT | {"timestamp": "2026-03-01T12:59:00+01:00"}, NOW).digest() == one.digest()
    for change in ({"value": -4}, {"reason": "y"}, {"event_type": "verify_events"}):
        assert read_correction(CORRECT | change, NOW).digest() != one.digest()


@pytest.mark.parametrize(
    ("now", "instant"),
    [
        ("2026-12-01T00:14:59Z", "2026-11-30T23:59:59.999999Z"),
        ("2026-12-01T00:15:00Z", "2026-12-01T00:00:00Z"),
    ],
)
def test_a_month_takes_usage_until_a_quarter_of_an_hour_after_its_end(now, instant):
    used = parse_rfc3339("2026-11-30T23:59:59.999999Z")
    assert billing_instant(used, parse_rfc3339(now)) == parse_rfc3339(instant)


def test_usage_ahead_of_time_is_billed_in_its_own_month():
    ahead, now = parse_rfc3339("2027-01-01T00:04:00Z"), parse_rfc3339("2026-12-31T23:59:30Z")
    assert billing_instant(ahead, now) == ahead
