"""The OTLP/HTTP exporters, each behind its own bounded queue and thread, and what they count of themselves."""

from collections.abc import Sequence
from typing import Any, cast

import requests
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs.export import LogRecordExportResult
from opentelemetry.sdk.metrics.export import (
    MetricExporter,
    MetricExportResult,
    MetricReader,
    MetricsData,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import SpanExportResult

from service.telemetry.aggregates import Counter
from service.telemetry.log_record import Entry, LogMaker
from service.telemetry.outlet import Outlet
from service.telemetry.span_export import SpanMaker
from service.telemetry.spans import Span

EXPORT_TIMEOUT_SECONDS = 2.0
SPANS_WAITING, LOGS_WAITING = 4096, 4096
"""What may wait for a Collector that does not take it: a few megabytes."""

_SIGNAL, _CAUSE = "billing.telemetry.signal", "billing.telemetry.cause"


class Exporters:
    """Nothing of it blocks whoever records: a hung Collector blocks the signal's own thread, and then items drop."""

    def __init__(self, resource: Resource, endpoint: str | None, metric_interval_ms: int) -> None:
        self._endpoint = endpoint
        self._interval_ms = metric_interval_ms
        self._exported: Counter | None = None
        self._dropped: Counter | None = None
        self._spans_maker, self._log_maker = SpanMaker(resource, "billing"), LogMaker(resource)
        self._queue: Outlet[Span] = Outlet("spans", self._send_spans, self._drop("spans"), SPANS_WAITING)
        self.spans = _Queue(self._queue)
        self.logs: Outlet[Entry] | None = None
        if endpoint is not None:
            self._span_exporter = OTLPSpanExporter(**self._way("traces"))
            self._log_exporter = OTLPLogExporter(**self._way("logs"))
            self.logs = Outlet("logs", self._send_logs, self._drop("logs"), LOGS_WAITING)
        else:
            self.spans = _Queue(None)

    def account(self, exported: Counter, dropped: Counter) -> None:
        """Count what left and what was lost."""
        self._exported, self._dropped = exported, dropped

    def readers(self) -> Sequence[MetricReader]:
        """What exports the metrics, if they are to be exported."""
        if self._endpoint is None:
            return ()
        exporter = _Metrics(OTLPMetricExporter(**self._way("metrics")), self._drop("metrics"))
        return (
            PeriodicExportingMetricReader(
                exporter,
                export_interval_millis=self._interval_ms,
                export_timeout_millis=EXPORT_TIMEOUT_SECONDS * 1000,
            ),
        )

    def start(self) -> None:
        if self.logs is not None:
            self._queue.start()
            self.logs.start()

    def shutdown(self) -> None:
        """Send the spans that wait; the logs are closed by whoever fills them."""
        if self._endpoint is not None:
            self._queue.shutdown()

    def _way(self, path: str) -> dict[str, Any]:
        signal = "spans" if path == "traces" else path
        return {
            "endpoint": f"{self._endpoint}/v1/{path}",
            "timeout": EXPORT_TIMEOUT_SECONDS,
            "session": _CountingSession(self, signal),
        }

    def _send_spans(self, spans: list[Span]) -> bool:
        made = [self._spans_maker.make(span) for span in spans]
        return self._span_exporter.export(made) is SpanExportResult.SUCCESS

    def _send_logs(self, entries: list[Entry]) -> bool:
        made = [self._log_maker.make(entry) for entry in entries]
        return self._log_exporter.export(made) is LogRecordExportResult.SUCCESS

    def _drop(self, signal: str) -> Any:
        def drop(cause: str, count: int) -> None:
            if self._dropped is not None:
                self._dropped.add(count, {_SIGNAL: signal, _CAUSE: cause})

        return drop

    def sent(self, signal: str, size_bytes: int) -> None:
        """The Collector took a body of that size."""
        if self._exported is not None:
            self._exported.add(size_bytes, {_SIGNAL: signal})


class _Queue:
    """The sink that the tracer fills."""

    def __init__(self, outlet: Outlet[Span] | None) -> None:
        self._outlet = outlet

    def take(self, spans: Sequence[Span]) -> None:
        if self._outlet is not None:
            for span in spans:
                self._outlet.put(span)


class _CountingSession(requests.Session):
    """Counts the bytes of what was taken."""

    def __init__(self, exporters: Exporters, signal: str) -> None:
        super().__init__()
        self._exporters, self._signal = exporters, signal

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        response = super().send(request, **kwargs)
        if response.ok:
            self._exporters.sent(self._signal, len(cast("bytes", request.body or b"")))
        return response


class _Metrics(MetricExporter):
    """Counts the collections that were lost; the next one has the same sums, so no number is."""

    def __init__(self, exporter: OTLPMetricExporter, drop: Any) -> None:
        super().__init__()
        self._exporter, self._drop = exporter, drop

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any) -> MetricExportResult:
        result = self._exporter.export(metrics_data, timeout_millis, **kwargs)
        if result is not MetricExportResult.SUCCESS:
            self._drop("export_failed", 1)
        return result

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        return self._exporter.force_flush(timeout_millis)

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:
        self._exporter.shutdown(timeout_millis, **kwargs)
