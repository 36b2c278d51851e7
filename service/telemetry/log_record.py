"""One log record, and how it is written: as JSON in the OpenTelemetry log data model, as text, or for OTLP."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast

import msgspec
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import TraceFlags

Format = Literal["json", "text"]

_SEVERITIES = {
    logging.DEBUG: SeverityNumber.DEBUG,
    logging.INFO: SeverityNumber.INFO,
    logging.WARNING: SeverityNumber.WARN,
    logging.ERROR: SeverityNumber.ERROR,
    logging.CRITICAL: SeverityNumber.FATAL,
}


@dataclass(slots=True)
class Entry:
    """A record as it was logged; `ns` is unix time, an id of 0 none.

    `is_routine`: one of thousands alike; `sampled`: its trace is known to be kept.
    """

    ns: int
    level: int
    event_name: str
    body: str
    attributes: Mapping[str, object]
    scope: str
    trace_id: int = 0
    span_id: int = 0
    sampled: bool = False
    is_routine: bool = False


class _Line(msgspec.Struct, rename="pascal", omit_defaults=True):
    """The fields of the log data model, by its names; Timestamp in RFC 3339, ids in hexadecimal digits."""

    timestamp: str
    severity_text: str
    severity_number: int
    event_name: str
    body: str
    attributes: Mapping[str, object]
    resource: Mapping[str, object]
    instrumentation_scope: Mapping[str, str]
    trace_id: str = ""
    span_id: str = ""
    trace_flags: int = 0


class LineWriter:
    """Writes one line an entry."""

    def __init__(self, resource: Resource, form: Format = "json") -> None:
        self._resource = dict(resource.attributes)
        self._encode = msgspec.json.Encoder(enc_hook=str).encode
        self.line: Callable[[Entry], bytes] = self._json if form == "json" else _text

    def _json(self, entry: Entry) -> bytes:
        severity = severity_of(entry)
        line = _Line(
            timestamp=_instant(entry.ns),
            severity_text=severity.name,
            severity_number=severity.value,
            event_name=entry.event_name,
            body=entry.body,
            attributes=entry.attributes,
            resource=self._resource,
            instrumentation_scope={"Name": entry.scope},
        )
        if entry.trace_id:
            line.trace_id, line.span_id = f"{entry.trace_id:032x}", f"{entry.span_id:016x}"
            line.trace_flags = int(entry.sampled)
        return self._encode(line) + b"\n"


def _text(entry: Entry) -> bytes:
    """For people: time, severity, event, body, attributes."""
    named = " ".join(f"{name}={value!r}" for name, value in entry.attributes.items())
    parts = [_instant(entry.ns), severity_of(entry).name, entry.event_name, entry.body, named]
    return " ".join(part.replace("\n", "\\n") for part in parts if part).encode("utf-8", "backslashreplace") + b"\n"


class LogMaker:
    """Makes the SDK's records of entries."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource

    def make(self, entry: Entry) -> ReadableLogRecord:
        severity = severity_of(entry)
        record = LogRecord(
            timestamp=entry.ns,
            observed_timestamp=entry.ns,
            context=Context(),
            severity_text=severity.name,
            severity_number=severity,
            body=entry.body,
            attributes=cast("Any", {name: _plain(value) for name, value in entry.attributes.items()}),
            event_name=entry.event_name,
        )
        record.trace_id, record.span_id = entry.trace_id, entry.span_id
        record.trace_flags = TraceFlags(int(entry.sampled))
        return ReadableLogRecord(record, self._resource, InstrumentationScope(entry.scope))


def severity_of(entry: Entry) -> SeverityNumber:
    return _SEVERITIES.get(entry.level, SeverityNumber.INFO)


def _instant(ns: int) -> str:
    return datetime.fromtimestamp(ns / 1e9, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool) else str(value)
