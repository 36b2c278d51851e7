"""A Collector that hangs or is gone: nobody waits, the queues are bounded, and what is lost is counted."""

import socket
from time import monotonic

import pytest
from opentelemetry.trace import SpanKind

from service.telemetry import exporters
from service.telemetry.outlet import Outlet
from service.telemetry.pipeline import Output, create_resource, start_exporting
from service.telemetry.sampling import Sampling


@pytest.fixture
def hung():
    """Takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def gone():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def dropped(telemetry, signal):
    return {
        attributes["billing.telemetry.cause"]: number.value
        for attributes, number in telemetry.instruments.telemetry_dropped.series()
        if attributes["billing.telemetry.signal"] == signal and number.value
    }


def test_a_hung_collector_holds_nobody_up_and_its_queue_is_bounded(hung, monkeypatch, tmp_path):
    monkeypatch.setattr(exporters, "SPANS_WAITING", 50)
    monkeypatch.setattr(exporters, "EXPORT_TIMEOUT_SECONDS", 0.2)
    with (tmp_path / "stdout").open("wb") as stream:
        output = Output(hung, 60_000, Sampling(1.0, 10.0))
        telemetry = start_exporting(create_resource("1", "one"), output, stream)
        started = monotonic()
        for _ in range(5000):
            telemetry.tracer.end(telemetry.tracer.begin_root("request", SpanKind.SERVER))
        assert monotonic() - started < 1.0
        assert dropped(telemetry, "spans")["queue_full"] >= 5000 - 50 - exporters.SPANS_WAITING * 2
        telemetry.shutdown(5.0)
    lost = dropped(telemetry, "spans")
    assert lost["queue_full"] + lost["export_failed"] == 5000


def test_a_collector_that_is_gone_loses_what_is_counted(gone, tmp_path):
    with (tmp_path / "stdout").open("wb") as stream:
        telemetry = start_exporting(create_resource("1", "one"), Output(gone, 60_000, Sampling(1.0, 10.0)), stream)
        for _ in range(3):
            telemetry.tracer.end(telemetry.tracer.begin_root("request", SpanKind.SERVER))
        telemetry.shutdown(6.0)
    assert dropped(telemetry, "spans") == {"export_failed": 3}


def test_items_arrive_in_order_and_in_batches():
    batches, lost = [], []
    outlet = Outlet("test", lambda items: not batches.append(items), lambda *what: lost.append(what), batch=4)
    for number in range(10):
        outlet.put(number)
    outlet.shutdown()
    assert batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert lost == []
