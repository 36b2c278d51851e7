"""Usage events: what a client may report, and what becomes of each."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from service.domain import c2pa_facts
from service.domain.c2pa_facts import C2paFacts, EventType, Property, are_fair, is_integer
from service.domain.schema import Choice, Instant, Record, Text, Whole
from service.domain.timestamp import format_rfc3339, parse_rfc3339
from service.errors import FieldError

__all__ = [
    "CODES",
    "EVENT_ID",
    "EVENT_TYPE",
    "LIMITS",
    "MAX_AGE",
    "MAX_AHEAD",
    "MAX_EVENTS",
    "MAX_VALUE",
    "TIMESTAMP",
    "USAGE_EVENT",
    "Code",
    "EventType",
    "Outcome",
    "Properties",
    "Rejection",
    "UsageEvent",
    "parse_event",
    "parse_report",
    "timestamp_fault",
]

MAX_EVENTS = 100
MAX_VALUE = 1_000_000
MAX_AGE = timedelta(days=35)
MAX_AHEAD = timedelta(minutes=5)

_EVENT_ID_PATTERN = "[A-Za-z0-9._:-]{1,128}"
_EVENT_ID = re.compile(_EVENT_ID_PATTERN)
_REQUIRED = ("event_id", "event_type", "value", "timestamp")
_FIELDS = frozenset({*_REQUIRED, "properties"})

Properties = dict[str, Property]


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REJECTED = "rejected"


class Code(StrEnum):
    """Why an event was rejected, beside `missing_` and the name of a required field."""

    NOT_AN_OBJECT = "not_an_object"
    UNKNOWN_FIELD = "unknown_field"
    INVALID_EVENT_ID = "invalid_event_id"
    UNKNOWN_EVENT_TYPE = "unknown_event_type"
    INVALID_VALUE = "invalid_value"
    INVALID_TIMESTAMP = "invalid_timestamp"
    TIMESTAMP_TOO_OLD = "timestamp_too_old"
    TIMESTAMP_IN_FUTURE = "timestamp_in_future"
    INVALID_PROPERTIES = "invalid_properties"
    TRIAL_LIMIT_EXCEEDED = "TRIAL_LIMIT_EXCEEDED"
    DAILY_COST_CAP_EXCEEDED = "DAILY_COST_CAP_EXCEEDED"


LIMITS = (Code.TRIAL_LIMIT_EXCEEDED, Code.DAILY_COST_CAP_EXCEEDED)
CODES = (*Code, *(f"missing_{name}" for name in _REQUIRED))


@dataclass(frozen=True, slots=True)
class _PropertiesSchema:
    """Only shown: events are judged one by one, by `parse_event`."""

    def faults(self, value: object, path: str) -> Iterator[FieldError]:  # noqa: ARG002
        yield from ()

    def document(self) -> dict[str, object]:
        return c2pa_facts.document()


EVENT_ID = Text(
    128,
    pattern=_EVENT_ID_PATTERN,
    about="Unique for the tenant and the UTC day of the timestamp.",
    says="must be 1 to 128 letters, digits, or . _ : -",
)
EVENT_TYPE = Choice(list(EventType), about="What was used.")
TIMESTAMP = Instant("When it was used; at most 35 days past and 5 minutes ahead.")
USAGE_EVENT = Record(
    {
        "event_id": EVENT_ID,
        "event_type": EVENT_TYPE,
        "value": Whole(1, MAX_VALUE, about="How many."),
        "timestamp": TIMESTAMP,
        "properties": _PropertiesSchema(),
    },
    optional=frozenset({"properties"}),
    name="UsageEvent",
)


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

    def facts(self) -> C2paFacts:
        return C2paFacts.of(self.event_type, self.properties)


@dataclass(frozen=True, slots=True)
class Rejection:
    """An event that was not taken; `event_id` and `event_type` are None where they were themselves bad."""

    event_id: str | None
    event_type: EventType | None
    code: str


def parse_report(events: Sequence[object], now: datetime) -> list[UsageEvent | Rejection]:
    """Judge each event by itself."""
    return [parse_event(event, now) for event in events]


def parse_event(body: object, now: datetime) -> UsageEvent | Rejection:
    """Judge one event by itself; the rejection carries the first rule that it breaks."""
    if not isinstance(body, Mapping):
        return Rejection(None, None, Code.NOT_AN_OBJECT)
    event_id, event_type = _event_id(body.get("event_id")), _event_type(body.get("event_type"))
    timestamp = _timestamp(body.get("timestamp"))
    code = _shape_fault(body) or _value_fault(body, event_id, event_type, timestamp, now)
    if code or event_id is None or event_type is None or timestamp is None:
        return Rejection(event_id, event_type, code or Code.NOT_AN_OBJECT)
    return UsageEvent(event_id, event_type, body["value"], timestamp, dict(body.get("properties", {})))


def timestamp_fault(timestamp: datetime | None, now: datetime) -> Code | None:
    """Why usage of that instant is not taken any more, or not yet."""
    if timestamp is None:
        return Code.INVALID_TIMESTAMP
    if timestamp < now - MAX_AGE:
        return Code.TIMESTAMP_TOO_OLD
    return Code.TIMESTAMP_IN_FUTURE if timestamp > now + MAX_AHEAD else None


def _shape_fault(body: Mapping[str, object]) -> str | None:
    if any(name not in _FIELDS for name in body):
        return Code.UNKNOWN_FIELD
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
        return Code.INVALID_EVENT_ID
    if event_type is None:
        return Code.UNKNOWN_EVENT_TYPE
    if not is_integer(body["value"], 1, MAX_VALUE):
        return Code.INVALID_VALUE
    fault = timestamp_fault(timestamp, now)
    if fault is None and not are_fair(event_type, body.get("properties", {})):
        return Code.INVALID_PROPERTIES
    return fault


def _event_id(value: object) -> str | None:
    return value if isinstance(value, str) and _EVENT_ID.fullmatch(value) else None


def _event_type(value: object) -> EventType | None:
    return EventType(value) if isinstance(value, str) and value in list(EventType) else None


def _timestamp(value: object) -> datetime | None:
    return parse_rfc3339(value) if isinstance(value, str) else None
