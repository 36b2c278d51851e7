"""Where telemetry goes: the OpenTelemetry providers, their OTLP exporters, and their bounded end."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from opentelemetry._logs import Logger
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Tracer

from service.telemetry.instruments import Instruments, create_instruments, create_views
from service.telemetry.registry import load_registry

SERVICE_NAME = "billing"
METRIC_INTERVAL_SECONDS = 5
"""Between two exports of metrics, unless configured otherwise."""
EXPORT_TIMEOUT_SECONDS = 2.0
BATCH_DELAY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What the rest of the service records with; `logger` is None where logs are not exported."""

    tracer: Tracer
    instruments: Instruments
    logger: Logger | None
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
    resource: Resource, readers: Sequence[MetricReader], span_processors: Sequence[SpanProcessor]
) -> Telemetry:
    """Record metrics and spans for the given readers and processors; without any, nothing leaves the process."""
    registry = load_registry()
    meters = MeterProvider(readers, resource, views=create_views(registry), shutdown_on_exit=False)
    tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
    for processor in span_processors:
        tracers.add_span_processor(processor)
    return Telemetry(
        tracer=tracers.get_tracer(SERVICE_NAME),
        instruments=create_instruments(meters.get_meter(SERVICE_NAME), registry),
        logger=None,
        closers=(meters.shutdown, tracers.shutdown),
    )


def create_resource(version: str, instance_id: str) -> Resource:
    return Resource.create(
        {"service.name": SERVICE_NAME, "service.version": version, "service.instance.id": instance_id}
    )


def create_exported_telemetry(resource: Resource, endpoint: str, metric_interval_ms: int) -> Telemetry:
    """Export all three signals to the OTLP/HTTP receiver at `endpoint`."""
    reader = PeriodicExportingMetricReader(
        OTLPMetricExporter(f"{endpoint}/v1/metrics", timeout=EXPORT_TIMEOUT_SECONDS),
        export_interval_millis=metric_interval_ms,
        export_timeout_millis=EXPORT_TIMEOUT_SECONDS * 1000,
    )
    spans = BatchSpanProcessor(
        OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=EXPORT_TIMEOUT_SECONDS),
        schedule_delay_millis=BATCH_DELAY_SECONDS * 1000,
    )
    local = create_telemetry(resource, [reader], [spans])
    loggers = LoggerProvider(resource, shutdown_on_exit=False)
    loggers.add_log_record_processor(
        BatchLogRecordProcessor(
            OTLPLogExporter(endpoint=f"{endpoint}/v1/logs", timeout=EXPORT_TIMEOUT_SECONDS),
            schedule_delay_millis=BATCH_DELAY_SECONDS * 1000,
        )
    )
    return Telemetry(
        tracer=local.tracer,
        instruments=local.instruments,
        logger=loggers.get_logger(SERVICE_NAME),
        closers=(*local.closers, loggers.shutdown),
    )
