"""Structured logs: one line each on stdout, and the same records over OTLP."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from traceback import format_exception
from typing import BinaryIO

from service.secret_forms import masked
from service.telemetry.instruments import Counter
from service.telemetry.log_record import Entry, LineWriter
from service.telemetry.outlet import Outlet
from service.telemetry.spans import CURRENT, Span

CURRENT_TENANT: ContextVar[str | None] = ContextVar("current_tenant", default=None)
"""Id of the tenant on whose behalf the current task works."""
PLAIN_EVENT = "log"
"""The event name of what libraries log without one."""
CONSOLE_PAUSE_SECONDS = 0.1
"""What a killed process had logged in the last so many seconds may be missing on stdout."""

_EXPORT_LOGGERS = ("opentelemetry", "urllib3", "requests")
_REQUEST_SCOPE = "service.requests"


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


class Logs:
    """Where log records go; neither way makes anybody wait.

    The lines of requests that went well are routine: unless `routine_too`, only those of kept traces go over OTLP.
    """

    def __init__(
        self, console: Outlet[Entry], otlp: Outlet[Entry] | None, records: Counter, *, routine_too: bool = False
    ) -> None:
        self._console = console
        self._otlp = otlp
        self._records = records
        self._routine_too = routine_too
        self.is_informed = True

    def record(self, entry: Entry, *, console_only: bool) -> None:
        """Count and put a record that is no request's; those are counted as requests."""
        self._records.add(1, {"event.name": entry.event_name})
        self.put(entry, console_only=console_only)

    def put(self, entry: Entry, *, console_only: bool = False) -> None:
        self._console.put(entry)
        if self._otlp is None or console_only:
            return
        if not entry.is_routine or entry.sampled or self._routine_too:
            self._otlp.put(entry)

    def request(self, span: Span) -> None:
        """Log that a request was served, by its finished span, whose trace has been decided about."""
        if not self.is_informed:
            return
        trace = span.trace
        seconds = span.ended - span.started
        self.put(
            Entry(
                trace.unix_ns(span.ended),
                logging.INFO,
                "request.served",
                span.name,
                {**span.attributes, "http.server.request.duration": round(seconds, 6)},
                _REQUEST_SCOPE,
                trace.trace_id,
                span.span_id,
                sampled=trace.kept,
                is_routine=not span.failed,
            )
        )

    def flush(self) -> None:
        """Write what waits, in the caller's thread; for a process whose outlets have no thread of their own."""
        self._console.flush()
        if self._otlp is not None:
            self._otlp.flush()

    def shutdown(self) -> None:
        if self._otlp is not None:
            self._otlp.shutdown()
        self._console.shutdown()


class LogsHandler(logging.Handler):
    """Hands records to Logs; those of the export itself stay on the console, else they would feed on themselves.

    Any text of a record may hold what a client or another program sent: `secrets` and whatever has the form of one are
    masked. The lines of requests don't come this way, and hold no text from outside.
    """

    def __init__(self, logs: Logs, secrets: Sequence[str] = ()) -> None:
        super().__init__()
        self._logs, self._secrets = logs, secrets

    def emit(self, record: logging.LogRecord) -> None:
        span = CURRENT.get()
        entry = Entry(
            int(record.created * 1e9),
            record.levelno,
            getattr(record, "event_name", PLAIN_EVENT),
            masked(record.getMessage(), self._secrets),
            {name: self._masked(value) for name, value in _attributes(record).items()},
            record.name,
            span.trace.trace_id if span else 0,
            span.span_id if span else 0,
        )
        self._logs.record(entry, console_only=record.name.startswith(_EXPORT_LOGGERS))

    def _masked(self, value: object) -> object:
        """The value itself, or where it shows a secret its text without it."""
        text = str(value)
        shown = masked(text, self._secrets)
        return value if shown == text else shown


def configure_logging(level: str, logs: Logs, secrets: Sequence[str] = ()) -> None:
    """Send every log record of the process, from this level on, to `logs`, without these secrets."""
    logs.is_informed = logging.getLevelNamesMapping()[level.upper()] <= logging.INFO
    logging.basicConfig(level=level.upper(), handlers=[LogsHandler(logs, secrets)], force=True)


def console_outlet(writer: LineWriter, stream: BinaryIO, dropped: Callable[[str, int], None]) -> Outlet[Entry]:
    """The way to a stream such as stdout's buffer."""

    def write(entries: list[Entry]) -> bool:
        try:
            stream.write(b"".join(map(writer.line, entries)))
            stream.flush()
        except (OSError, ValueError):  # whoever read it is gone, or it is closed: there is nobody left to tell
            return False
        return True

    return Outlet("console", write, dropped, capacity=20_000, pause_seconds=CONSOLE_PAUSE_SECONDS)


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
