"""Corrections of usage: signed differences with a reason, never edits."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.domain.c2pa_facts import EventType, is_integer
from service.domain.schema import Record, Text
from service.domain.timestamp import format_rfc3339, parse_rfc3339
from service.domain.usage import EVENT_ID, EVENT_TYPE, MAX_VALUE, TIMESTAMP, timestamp_fault
from service.errors import FieldError, ValidationError


@dataclass(frozen=True, slots=True)
class Difference:
    """A whole number from -`most` to `most` that is not 0."""

    most: int
    about: str

    def faults(self, value: object, path: str) -> Iterator[FieldError]:
        if not is_integer(value, -self.most, self.most) or value == 0:
            yield FieldError(path, f"must be a whole number from {-self.most} to {self.most}, and not 0")

    def document(self) -> dict[str, object]:
        bounds = {"type": "integer", "minimum": -self.most, "maximum": self.most, "not": {"const": 0}}
        return {**bounds, "description": self.about}


REASON = Text(500, about="Why; kept in the audit trail.")
CORRECTION = Record(
    {
        "correction_id": EVENT_ID,
        "event_type": EVENT_TYPE,
        "value": Difference(MAX_VALUE, "What is added to the hour's usage, or taken away from it."),
        "timestamp": TIMESTAMP,
        "reason": REASON,
    },
    name="Correction",
)


@dataclass(frozen=True, slots=True)
class Correction:
    """`value` is signed and not 0; `timestamp`, in UTC, names the hour that is corrected."""

    correction_id: str
    event_type: EventType
    value: int
    timestamp: datetime
    reason: str

    def digest(self) -> str:
        """SHA-256 of the canonical body."""
        body = [self.event_type, self.value, format_rfc3339(self.timestamp), self.reason]
        return hashlib.sha256(json.dumps(body).encode()).hexdigest()


def read_correction(body: Mapping[str, Any], now: datetime) -> Correction:
    """Read a body that follows CORRECTION; raises ValidationError for a timestamp out of bounds."""
    timestamp = parse_rfc3339(body["timestamp"])
    fault = timestamp_fault(timestamp, now)
    if fault is not None or timestamp is None:
        raise ValidationError((FieldError("timestamp", "must be at most 35 days past and 5 minutes ahead"),))
    event_type = EventType(body["event_type"])
    return Correction(body["correction_id"], event_type, body["value"], timestamp, body["reason"])
