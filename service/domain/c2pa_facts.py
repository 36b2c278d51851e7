"""What a usage event may say about the C2PA operation that it counts: optional properties with known values.

`outcome`: how the operation ended. `discovery`: where the content credential was found or put. `duration_ms`: how long
the operation took.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from service.domain.schema import HIDDEN, VISIBLE
from service.secret_forms import refused_names, secret_in

MAX_PROPERTIES = 10
MAX_PROPERTY_KEY = 64
MAX_PROPERTY_TEXT = 256
MAX_PROPERTY_INTEGER = 2**53 - 1
MAX_DURATION_MS = 600_000

Property = str | int | bool


class EventType(StrEnum):
    SIGN_EVENTS = "sign_events"
    VERIFY_EVENTS = "verify_events"
    RFC3161_TIMESTAMPS = "rfc3161_timestamps"


class Operation(StrEnum):
    SIGN = "sign"
    VERIFY = "verify"
    TIMESTAMP = "timestamp"


class Discovery(StrEnum):
    """`unknown` is not reported: it stands for an event that does not say."""

    REMOTE = "remote"
    EMBEDDED = "embedded"
    UNKNOWN = "unknown"


class Verification(StrEnum):
    FOUND = "found"
    MISSING = "missing"
    INVALID = "invalid"


OPERATIONS = {
    EventType.SIGN_EVENTS: Operation.SIGN,
    EventType.VERIFY_EVENTS: Operation.VERIFY,
    EventType.RFC3161_TIMESTAMPS: Operation.TIMESTAMP,
}
_DISCOVERIES = (Discovery.REMOTE, Discovery.EMBEDDED)
_COMPLETIONS = ("success", "failure")
_OUTCOMES: Mapping[EventType, tuple[str, ...]] = {
    EventType.SIGN_EVENTS: _COMPLETIONS,
    EventType.VERIFY_EVENTS: tuple(Verification),
    EventType.RFC3161_TIMESTAMPS: _COMPLETIONS,
}


@dataclass(frozen=True, slots=True)
class C2paFacts:
    """`verification` is there for a verify event with an outcome, `duration_seconds` where it was reported."""

    operation: Operation
    discovery: Discovery
    verification: Verification | None
    duration_seconds: float | None

    @classmethod
    def of(cls, event_type: EventType, properties: Mapping[str, Property]) -> "C2paFacts":
        """Read properties that keep the rules."""
        operation, duration_ms = OPERATIONS[event_type], properties.get("duration_ms")
        outcome = properties.get("outcome") if operation is Operation.VERIFY else None
        return cls(
            operation,
            Discovery(str(properties.get("discovery", Discovery.UNKNOWN))),
            None if outcome is None else Verification(str(outcome)),
            None if duration_ms is None else int(duration_ms) / 1000,
        )


def are_fair(event_type: EventType, properties: object) -> bool:
    """Whether the properties keep the rules: known ones have known values, others are short scalars."""
    if not isinstance(properties, Mapping) or len(properties) > MAX_PROPERTIES:
        return False
    return all(_is_fair(event_type, name, value) for name, value in properties.items())


def is_integer(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def document() -> dict[str, object]:
    """The rules for properties as JSON Schema."""
    outcomes = sorted({outcome for allowed in _OUTCOMES.values() for outcome in allowed})
    free = [
        {"type": "string", "maxLength": MAX_PROPERTY_TEXT, "pattern": VISIBLE},
        {"type": "integer", "minimum": -MAX_PROPERTY_INTEGER, "maximum": MAX_PROPERTY_INTEGER},
        {"type": "boolean"},
    ]
    return {
        "type": "object",
        "description": (
            "Facts about the operation. Three names have a meaning; others are kept as they are. A name or a value "
            f"that holds a secret ({refused_names()}) makes the event be rejected with `invalid_properties`."
        ),
        "properties": {
            "outcome": {
                "type": "string",
                "enum": outcomes,
                "description": "How it ended: found, missing or invalid for verify_events, else success or failure.",
            },
            "discovery": {
                "type": "string",
                "enum": [str(each) for each in _DISCOVERIES],
                "description": "Where the content credential is: at a remote place, or embedded in the asset.",
            },
            "duration_ms": {
                "type": "integer",
                "minimum": 0,
                "maximum": MAX_DURATION_MS,
                "description": "How long the operation took, in milliseconds.",
            },
        },
        "additionalProperties": {"anyOf": free},
        "propertyNames": {"minLength": 1, "maxLength": MAX_PROPERTY_KEY, "pattern": VISIBLE},
        "maxProperties": MAX_PROPERTIES,
    }


def _is_fair(event_type: EventType, name: str, value: object) -> bool:
    match name:
        case "outcome":
            return isinstance(value, str) and value in _OUTCOMES[event_type]
        case "discovery":
            return isinstance(value, str) and value in _DISCOVERIES
        case "duration_ms":
            return is_integer(value, 0, MAX_DURATION_MS)
        case _:
            return 0 < len(name) <= MAX_PROPERTY_KEY and not HIDDEN.search(name) and _is_open(name, value)


def _is_scalar(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_PROPERTY_TEXT and not HIDDEN.search(value)
    return isinstance(value, bool) or is_integer(value, -MAX_PROPERTY_INTEGER, MAX_PROPERTY_INTEGER)


def _is_open(name: str, value: object) -> bool:
    """Whether it is a scalar, and holds no secret that would be kept with the event for years."""
    return _is_scalar(value) and secret_in(name) is None and secret_in(str(value)) is None
