"""Where telemetry goes: instruments, traces and logs, and their bounded ways out."""

import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import BinaryIO, Literal

from opentelemetry.sdk.metrics.export import MetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor

from service.telemetry.aggregates import Counter
from service.telemetry.exporters import Exporters
from service.telemetry.instruments import Instruments, Meter, create_instruments
from service.telemetry.log_record import Format, LineWriter
from service.telemetry.logs import Logs, console_outlet
from service.telemetry.meters import Meters
from service.telemetry.registry import load_registry
from service.telemetry.sampling import Sampling
from service.telemetry.silence import SilentTracer
from service.telemetry.span_export import DirectSink, SpanMaker
from service.telemetry.spans import Tracer

SERVICE_NAME = "billing"
METRIC_INTERVAL_SECONDS = 5
"""Between two exports of metrics, unless configured otherwise."""
EVERYTHING = Sampling(1.0, float("inf"), honours_gameday=True)

Signal = Literal["spans", "logs", "metrics", "console"]


@dataclass(frozen=True, slots=True)
class Output:
    """How telemetry leaves the process. `endpoint` is the base URL of an OTLP/HTTP receiver; None means none."""

    endpoint: str | None
    metric_interval_ms: int
    sampling: Sampling
    log_format: Format = "json"
    routine_logs_too: bool = False
    is_disabled: bool = False


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What the rest of the service records with."""

    tracer: Tracer
    instruments: Instruments
    logs: Logs
    meters: Meters
    closers: tuple[Callable[[], object], ...]

    def shutdown(self, timeout_seconds: float) -> bool:
        """Flush and close all signals side by side; False if a hung collector used up the time."""
        threads = [threading.Thread(target=closer, daemon=True) for closer in self.closers]
        deadline = monotonic() + timeout_seconds
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, deadline - monotonic()))
        return not any(thread.is_alive() for thread in threads)


def create_telemetry(
    resource: Resource,
    readers: Sequence[MetricReader],
    span_processors: Sequence[SpanProcessor],
    sampling: Sampling = EVERYTHING,
    stream: BinaryIO | None = None,
) -> Telemetry:
    """Record for the given readers and processors, without any queue for spans; by default every trace is kept."""
    meter, meters = _meter(resource, readers)
    instruments = create_instruments(meter, load_registry())
    meters.observe(meter.made)
    sink = DirectSink(SpanMaker(resource, SERVICE_NAME), span_processors)
    dropped = partial(count_dropped, instruments.telemetry_dropped, "console")
    console = console_outlet(LineWriter(resource), stream or sys.stdout.buffer, dropped)
    tracer = Tracer(sampling, sink, instruments.trace_decisions)
    return Telemetry(
        tracer, instruments, Logs(console, None, instruments.log_records), meters, (meters.shutdown, sink.shutdown)
    )


def start_exporting(resource: Resource, output: Output, stream: BinaryIO | None = None) -> Telemetry:
    """Begin to write lines to stdout and to export all three signals, as far as there is an endpoint."""
    registry = load_registry()
    exporters = Exporters(resource, output.endpoint, output.metric_interval_ms)
    meter = Meter(registry, silent=output.is_disabled)
    instruments = create_instruments(meter, registry)
    exporters.account(instruments.telemetry_exported, instruments.telemetry_dropped)
    meters = Meters(resource, SERVICE_NAME, [] if output.is_disabled else exporters.readers())
    meters.observe(meter.made)
    dropped = partial(count_dropped, instruments.telemetry_dropped, "console")
    console = console_outlet(LineWriter(resource, output.log_format), stream or sys.stdout.buffer, dropped)
    logs = Logs(console, exporters.logs, instruments.log_records, routine_too=output.routine_logs_too)
    tracer = (
        SilentTracer(instruments.trace_decisions)
        if output.is_disabled
        else Tracer(output.sampling, exporters.spans, instruments.trace_decisions)
    )
    console.start()
    exporters.start()
    return Telemetry(tracer, instruments, logs, meters, (meters.shutdown, exporters.shutdown, logs.shutdown))


def count_dropped(counter: Counter, signal: Signal, cause: str, count: int) -> None:
    counter.add(count, {"billing.telemetry.signal": signal, "billing.telemetry.cause": cause})


def create_resource(version: str, instance_id: str) -> Resource:
    return Resource.create(
        {"service.name": SERVICE_NAME, "service.version": version, "service.instance.id": instance_id}
    )


def _meter(resource: Resource, readers: Sequence[MetricReader]) -> tuple[Meter, Meters]:
    return Meter(load_registry()), Meters(resource, SERVICE_NAME, readers)
