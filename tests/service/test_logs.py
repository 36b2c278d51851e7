import io
import json
import logging
from contextlib import contextmanager

import pytest
from opentelemetry.trace import SpanKind

from service.telemetry.aggregates import Counter
from service.telemetry.log_record import LineWriter, LogMaker
from service.telemetry.logs import CURRENT_TENANT, Logs, configure_logging, console_outlet, event_fields, log_event
from service.telemetry.outlet import Outlet
from service.telemetry.pipeline import create_resource, create_telemetry
from service.telemetry.registry import load_registry
from service.telemetry.spans import CURRENT

RESOURCE = create_resource("1.0", "one")


class Bench:
    """Logging of the process as the service sets it up; what was written and what was exported."""

    def __init__(self, form="json", level="info"):
        self.stream, self.exported, self.dropped = io.BytesIO(), [], []
        self.console = console_outlet(LineWriter(RESOURCE, form), self.stream, self._drop)
        self.otlp = Outlet("logs", self._export, self._drop, capacity=100)
        self.records = Counter(load_registry().metric("billing.log.records"))
        self.logs = Logs(self.console, self.otlp, self.records)
        configure_logging(level, self.logs)

    def _drop(self, cause, count):
        self.dropped.append((cause, count))

    def _export(self, entries):
        self.exported += [LogMaker(RESOURCE).make(entry) for entry in entries]
        return True

    def text(self):
        self.console.flush()
        self.otlp.flush()
        return self.stream.getvalue().decode()

    def lines(self):
        return [json.loads(line) for line in self.text().splitlines()]


@contextmanager
def untouched_logging():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:], root.level = handlers, level


@pytest.fixture
def bench():
    with untouched_logging():
        yield Bench()


@pytest.fixture
def lines(bench):
    return bench.lines


def test_an_event_is_one_json_line_and_one_exported_record(bench):
    span = create_telemetry(RESOURCE, [], []).tracer.begin_root("work", SpanKind.INTERNAL)
    token, current = CURRENT_TENANT.set("t1"), CURRENT.set(span)
    log_event(logging.getLogger("x"), logging.WARNING, "thing.happened", "a\nthing", {"some.count": 3})
    CURRENT_TENANT.reset(token)
    CURRENT.reset(current)
    [line] = bench.lines()
    ids = f"{span.trace.trace_id:032x}", f"{span.span_id:016x}"
    assert (line["SeverityText"], line["SeverityNumber"]) == ("WARN", 13)
    assert (line["EventName"], line["Body"]) == ("thing.happened", "a\nthing")
    assert line["Attributes"] == {"some.count": 3, "tenant.id": "t1"}
    assert line["Resource"]["service.name"] == "billing"
    assert line["Resource"]["service.instance.id"] == "one"
    assert line["InstrumentationScope"] == {"Name": "x"}
    assert (line["TraceId"], line["SpanId"]) == ids
    [exported] = [data.log_record for data in bench.exported]
    assert (exported.severity_text, exported.event_name, exported.body) == ("WARN", "thing.happened", "a\nthing")
    assert dict(exported.attributes) == line["Attributes"]
    assert (exported.trace_id, exported.span_id) == (span.trace.trace_id, span.span_id)


def test_text_is_one_line_for_people():
    with untouched_logging():
        bench = Bench("text")
        log_event(logging.getLogger("x"), logging.ERROR, "thing.happened", "two\nlines", {"some.count": 3})
        [line] = bench.text().splitlines()
    assert line.endswith("ERROR thing.happened two\\nlines some.count=3")


def test_what_has_no_room_is_dropped_and_counted(bench):
    for number in range(105):
        logging.getLogger("x").warning("%s", number)
    assert len(bench.otlp) == 100
    assert bench.dropped == [("queue_full", 1)] * 5
    assert len(bench.lines()) == 105


def test_records_are_counted_by_the_name_of_their_event_and_requests_are_not(bench):
    for name in ("webhook.dead", "webhook.dead", "request.crashed"):
        log_event(logging.getLogger("x"), logging.ERROR, name, "a thing", {})
    logging.getLogger("library").warning("hear, hear")
    telemetry = create_telemetry(RESOURCE, [], [])
    span = telemetry.tracer.begin_root("GET /health", SpanKind.SERVER)
    telemetry.tracer.end(span)
    bench.logs.request(span)
    counted = {attributes["event.name"]: number.value for attributes, number in bench.records.series()}
    assert counted == {"webhook.dead": 2, "request.crashed": 1, "log": 1}


def test_an_exception_is_logged_with_its_trace(lines):
    try:
        raise RuntimeError("boom")
    except RuntimeError:
        logging.getLogger("x").exception("failed", extra=event_fields("thing.failed", {}))
    [line] = lines()
    assert line["Attributes"]["exception.type"] == "RuntimeError"
    assert "test_logs.py" in line["Attributes"]["exception.stacktrace"]


def test_records_of_the_export_itself_are_not_exported(bench):
    logging.getLogger("opentelemetry.exporter").warning("the collector is away")
    assert len(bench.lines()) == 1
    assert not bench.exported


def test_records_below_the_level_are_dropped(lines):
    logging.getLogger("x").debug("detail")
    assert lines() == []


def test_nothing_that_a_client_writes_begins_a_line_of_the_log(bench):
    log_event(logging.getLogger("x"), logging.INFO, "e", "a\r\nb", {"k": 'v\n{"forged": 1}', "l\nm": "\x1b[2K"})
    written = bench.text()
    assert written.count("\n") == 1
    assert "\x1b" not in written
