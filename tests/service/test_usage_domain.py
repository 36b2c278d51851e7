from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.usage import Rejection, UsageEvent, parse_event, parse_report
from service.errors import ValidationError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GOOD = {"event_id": "a.B_c:d-1", "event_type": "sign_events", "value": 1, "timestamp": "2026-03-01T11:59:00Z"}

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
    ("body", "fields"),
    [
        ([], [""]),
        ({}, ["events"]),
        ({"events": []}, ["events"]),
        ({"events": [GOOD] * 101}, ["events"]),
        ({"events": "x", "more": 1, "most": 2}, ["events", "more", "most"]),
    ],
)
def test_a_wrong_envelope_names_every_bad_field(body, fields):
    with pytest.raises(ValidationError) as caught:
        parse_report(body, NOW)
    assert [bad.field for bad in caught.value.fields] == fields
