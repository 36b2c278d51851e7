"""Usage events: what a client may report, and what becomes of each."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from service.domain.timestamp import format_rfc3339, parse_rfc3339
from service.errors import FieldError, ValidationError

MAX_EVENTS = 100
MAX_VALUE = 1_000_000
MAX_AGE = timedelta(days=35)
MAX_AHEAD = timedelta(minutes=5)
MAX_PROPERTIES = 10
MAX_PROPERTY_KEY = 64
MAX_PROPERTY_TEXT = 256
MAX_PROPERTY_INTEGER = 2**53 - 1

_EVENT_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_REQUIRED = ("event_id", "event_type", "value", "timestamp")
_FIELDS = frozenset({*_REQUIRED, "properties"})

Properties = dict[str, str | int | bool]


class EventType(StrEnum):
    SIGN_EVENTS = "sign_events"
    VERIFY_EVENTS = "verify_events"
    RFC3161_TIMESTAMPS = "rfc3161_timestamps"


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """`timestamp` is in UTC."""

    event_id: str
    event_type: EventType
    value: int
    timestamp: datetime
    properties: Properties

    def properties_json(self) -> str:
        return json.dumps(self.properties, sort_keys=True, separators=(",", ":"))

    def digest(self) -> str:
        """SHA-256 of the canonical body: equal for two spellings of one event, different for two events."""
        body = [self.event_type, self.value, format_rfc3339(self.timestamp), self.properties_json()]
        return hashlib.sha256(json.dumps(body).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Rejection:
    """An event that was not taken; `event_id` and `event_type` are None where they were themselves bad."""

    event_id: str | None
    event_type: EventType | None
    code: str


def parse_report(body: object, now: datetime) -> list[UsageEvent | Rejection]:
    """Read `{"events": [...]}`; raises ValidationError if the envelope itself is wrong."""
    if not isinstance(body, Mapping):
        raise ValidationError((FieldError("", "must be an object"),))
    errors = [FieldError(name, "is not a known field") for name in body if name != "events"]
    events = body.get("events")
    if not isinstance(events, list) or not 1 <= len(events) <= MAX_EVENTS:
        errors.insert(0, FieldError("events", f"must be a list of 1 to {MAX_EVENTS} events"))
    if errors or not isinstance(events, list):
        raise ValidationError(tuple(errors))
    return [parse_event(event, now) for event in events]


def parse_event(body: object, now: datetime) -> UsageEvent | Rejection:
    """Judge one event by itself; the rejection carries the first rule that it breaks."""
    if not isinstance(body, Mapping):
        return Rejection(None, None, "not_an_object")
    event_id, event_type = _event_id(body.get("event_id")), _event_type(body.get("event_type"))
    timestamp = _timestamp(body.get("timestamp"))
    code = _shape_fault(body) or _value_fault(body, event_id, event_type, timestamp, now)
    if code or event_id is None or event_type is None or timestamp is None:
        return Rejection(event_id, event_type, code or "not_an_object")
    return UsageEvent(event_id, event_type, body["value"], timestamp, dict(body.get("properties", {})))


def _shape_fault(body: Mapping[str, object]) -> str | None:
    if any(name not in _FIELDS for name in body):
        return "unknown_field"
    missing = next((name for name in _REQUIRED if name not in body), None)
    return f"missing_{missing}" if missing else None


def _value_fault(
    body: Mapping[str, object],
    event_id: str | None,
    event_type: EventType | None,
    timestamp: datetime | None,
    now: datetime,
) -> str | None:
    if event_id is None:
        return "invalid_event_id"
    if event_type is None:
        return "unknown_event_type"
    if not _is_integer(body["value"], 1, MAX_VALUE):
        return "invalid_value"
    return _timestamp_fault(timestamp, now) or _properties_fault(body.get("properties", {}))


def _timestamp_fault(timestamp: datetime | None, now: datetime) -> str | None:
    if timestamp is None:
        return "invalid_timestamp"
    if timestamp < now - MAX_AGE:
        return "timestamp_too_old"
    return "timestamp_in_future" if timestamp > now + MAX_AHEAD else None


def _properties_fault(properties: object) -> str | None:
    if not isinstance(properties, Mapping) or len(properties) > MAX_PROPERTIES:
        return "invalid_properties"
    fair = all(0 < len(key) <= MAX_PROPERTY_KEY and _is_scalar(value) for key, value in properties.items())
    return None if fair else "invalid_properties"


def _is_scalar(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_PROPERTY_TEXT
    return isinstance(value, bool) or _is_integer(value, -MAX_PROPERTY_INTEGER, MAX_PROPERTY_INTEGER)


def _is_integer(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _event_id(value: object) -> str | None:
    return value if isinstance(value, str) and _EVENT_ID.fullmatch(value) else None


def _event_type(value: object) -> EventType | None:
    return EventType(value) if isinstance(value, str) and value in list(EventType) else None


def _timestamp(value: object) -> datetime | None:
    return parse_rfc3339(value) if isinstance(value, str) else None
