"""What is told of the service, and to whom."""

import socket
from dataclasses import dataclass
from typing import cast, get_args

from service.config.reader import Reader
from service.telemetry.log_record import Format
from service.telemetry.pipeline import Output
from service.telemetry.registry import load_registry
from service.telemetry.sampling import Sampling

_LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class TelemetryConfig:
    """`output` says what leaves the process and how."""

    output: Output
    instance_id: str
    log_level: str


def read_telemetry(reader: Reader, port: int) -> TelemetryConfig:
    return TelemetryConfig(
        output=_output(reader),
        instance_id=reader.text("OTEL_SERVICE_INSTANCE_ID", f"{socket.gethostname()}:{port}"),
        log_level=reader.choice("LOG_LEVEL", _LOG_LEVELS),
    )


def _output(reader: Reader) -> Output:
    return Output(
        endpoint=reader.url("OTEL_EXPORTER_OTLP_ENDPOINT"),
        metric_interval_ms=reader.integer("OTEL_METRIC_EXPORT_INTERVAL", 50, 600_000),
        sampling=Sampling(
            ratio=reader.ratio("TRACE_SAMPLE_RATIO"),
            slow_seconds=load_registry().slow_seconds,
            honours_gameday=reader.flag("TRACE_GAMEDAY"),
        ),
        log_format=cast("Format", reader.choice("LOG_FORMAT", get_args(Format))),
        routine_logs_too=reader.choice("OTLP_REQUEST_LOGS", ("kept", "all")) == "all",
        is_disabled=reader.flag("OTEL_SDK_DISABLED"),
    )
