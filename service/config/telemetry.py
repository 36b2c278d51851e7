"""What is told of the service, and to whom."""

import socket
from dataclasses import dataclass

from service.config.reader import Reader
from service.telemetry.pipeline import METRIC_INTERVAL_SECONDS

_LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class TelemetryConfig:
    """`otlp_endpoint` is the base URL of an OTLP/HTTP receiver; None means that nothing is exported."""

    otlp_endpoint: str | None
    metric_export_interval_ms: int
    instance_id: str
    log_level: str


def read_telemetry(reader: Reader, port: int) -> TelemetryConfig:
    reader.choice("LOG_FORMAT", "json", ("json",))
    return TelemetryConfig(
        otlp_endpoint=reader.url("OTEL_EXPORTER_OTLP_ENDPOINT"),
        metric_export_interval_ms=reader.integer(
            "OTEL_METRIC_EXPORT_INTERVAL", METRIC_INTERVAL_SECONDS * 1000, 50, 600_000
        ),
        instance_id=reader.text("OTEL_SERVICE_INSTANCE_ID", f"{socket.gethostname()}:{port}"),
        log_level=reader.choice("LOG_LEVEL", "info", _LOG_LEVELS),
    )
