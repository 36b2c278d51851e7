"""Structured logs: JSON lines on stdout and the same records over OTLP."""

import json
import logging
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from traceback import format_exception
from typing import TextIO, cast

from opentelemetry._logs import Logger, LogRecord, SeverityNumber
from opentelemetry.context import get_current
from opentelemetry.trace import format_span_id, format_trace_id, get_current_span
from opentelemetry.util.types import AnyValue

CURRENT_TENANT: ContextVar[str | None] = ContextVar("current_tenant", default=None)
"""Id of the tenant on whose behalf the current task works."""

_SEVERITIES = {
    logging.DEBUG: SeverityNumber.DEBUG,
    logging.INFO: SeverityNumber.INFO,
    logging.WARNING: SeverityNumber.WARN,
    logging.ERROR: SeverityNumber.ERROR,
    logging.CRITICAL: SeverityNumber.FATAL,
}
_EXPORT_LOGGERS = ("opentelemetry", "urllib3", "requests")


def log_event(
    logger: logging.Logger,
    level: int,
    event_name: str,
    body: str,
    attributes: Mapping[str, object],
) -> None:
    """Log one named event with attributes that are named as the registry and OpenTelemetry name them."""
    logger.log(level, body, extra=event_fields(event_name, attributes))


def event_fields(event_name: str, attributes: Mapping[str, object]) -> dict[str, object]:
    """The `extra` of a log record that is such an event."""
    return {"event_name": event_name, "event_attributes": attributes}


class JsonFormatter(logging.Formatter):
    """One JSON object a line, in the vocabulary of the OpenTelemetry log data model."""

    def format(self, record: logging.LogRecord) -> str:
        span = get_current_span().get_span_context()
        line: dict[str, object] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds"),
            "severity_text": _severity(record).name,
            "event_name": _event_name(record),
            "body": record.getMessage(),
            "logger": record.name,
            "attributes": _attributes(record),
        }
        if span.is_valid:
            line["trace_id"] = format_trace_id(span.trace_id)
            line["span_id"] = format_span_id(span.span_id)
        return json.dumps(line, default=str)


class OtlpHandler(logging.Handler):
    """Hands records to the OpenTelemetry SDK, except those of the export itself, which would feed on themselves."""

    def __init__(self, logger: Logger) -> None:
        super().__init__()
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(_EXPORT_LOGGERS):
            return
        self._logger.emit(
            LogRecord(
                timestamp=int(record.created * 1e9),
                context=get_current(),
                severity_text=_severity(record).name,
                severity_number=_severity(record),
                body=record.getMessage(),
                attributes=cast("dict[str, AnyValue]", _attributes(record)),
                event_name=_event_name(record),
            )
        )


def configure_logging(level: str, otlp: Logger | None, stream: TextIO = sys.stdout) -> None:
    """Send every log record of the process to `stream`, and to `otlp` if there is one."""
    console = logging.StreamHandler(stream)
    console.setFormatter(JsonFormatter())
    handlers: list[logging.Handler] = [console]
    if otlp is not None:
        handlers.append(OtlpHandler(otlp))
    logging.basicConfig(level=level.upper(), handlers=handlers, force=True)


def _severity(record: logging.LogRecord) -> SeverityNumber:
    return _SEVERITIES.get(record.levelno, SeverityNumber.INFO)


def _event_name(record: logging.LogRecord) -> str | None:
    return getattr(record, "event_name", None)


def _attributes(record: logging.LogRecord) -> dict[str, object]:
    attributes: dict[str, object] = dict(getattr(record, "event_attributes", {}))
    tenant_id = CURRENT_TENANT.get()
    if tenant_id is not None:
        attributes["tenant.id"] = tenant_id
    if record.exc_info and record.exc_info[1] is not None:
        error = record.exc_info[1]
        attributes["exception.type"] = type(error).__name__
        attributes["exception.message"] = str(error)
        attributes["exception.stacktrace"] = "".join(format_exception(error))
    return attributes
