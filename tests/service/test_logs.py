import io
import json
import logging

import pytest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider

from service.telemetry.logs import CURRENT_TENANT, configure_logging, event_fields, log_event


@pytest.fixture
def exporter():
    return InMemoryLogRecordExporter()


@pytest.fixture
def lines(exporter):
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    configure_logging("info", provider.get_logger("test"), stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:], root.level = handlers, level


def test_an_event_is_one_json_line_and_one_exported_record(lines, exporter):
    token = CURRENT_TENANT.set("t1")
    with TracerProvider(shutdown_on_exit=False).get_tracer("test").start_as_current_span("work") as span:
        log_event(logging.getLogger("x"), logging.WARNING, "thing.happened", "a\nthing", {"some.count": 3})
    CURRENT_TENANT.reset(token)
    context = span.get_span_context()
    [line] = lines()
    assert (line["severity_text"], line["event_name"], line["body"]) == ("WARN", "thing.happened", "a\nthing")
    assert line["attributes"] == {"some.count": 3, "tenant.id": "t1"}
    assert (line["trace_id"], line["span_id"]) == (f"{context.trace_id:032x}", f"{context.span_id:016x}")
    [exported] = [data.log_record for data in exporter.get_finished_logs()]
    assert (exported.severity_text, exported.event_name, exported.body) == ("WARN", "thing.happened", "a\nthing")
    assert dict(exported.attributes) == line["attributes"]
    assert exported.trace_id == context.trace_id


def test_an_exception_is_logged_with_its_trace(lines):
    try:
        raise RuntimeError("boom")
    except RuntimeError:
        logging.getLogger("x").exception("failed", extra=event_fields("thing.failed", {}))
    [line] = lines()
    assert line["attributes"]["exception.type"] == "RuntimeError"
    assert "test_logs.py" in line["attributes"]["exception.stacktrace"]


def test_records_of_the_export_itself_are_not_exported(lines, exporter):
    logging.getLogger("opentelemetry.exporter").warning("the collector is away")
    assert len(lines()) == 1
    assert not exporter.get_finished_logs()


def test_records_below_the_level_are_dropped(lines):
    logging.getLogger("x").debug("detail")
    assert lines() == []
