"""The gateway's own configuration on loopback: certificates of its own, and what a test replaces of it."""

from pathlib import Path
from typing import Any

import yaml

from deploy.certificates import Authority, utc_now


def gateway_environment(folder: Path) -> dict[str, str]:
    """Variables of a gateway whose files are below `folder` and whose receivers do not answer."""
    tls = folder / "tls"
    tls.mkdir(parents=True, exist_ok=True)
    now = utc_now()
    for name, content in Authority.create(now).issue("gateway", now).items():
        (tls / name).write_bytes(content)
    return {
        "TLS_DIR": str(tls),
        "QUEUE_DIR": str(folder / "queue"),
        "OTLP_ENDPOINT": "127.0.0.1:4317",
        "HEALTH_ENDPOINT": "127.0.0.1:13133",
        "PROMETHEUS_ENDPOINT": "127.0.0.1:8889",
        "TEMPO_ENDPOINT": "http://127.0.0.1:9",
        "LOKI_ENDPOINT": "http://127.0.0.1:9/otlp",
        "OWN_METRICS_ENDPOINT": "http://127.0.0.1:9",
    }


def write_overlay(path: Path, otlp: str, traces_file: Path | None = None) -> Path:
    """What lies over the gateway's configuration: OTLP/HTTP in clear on loopback, and a file in Tempo's place."""
    overlay: dict[str, Any] = {"receivers": {"otlp": {"protocols": {"http": {"endpoint": otlp}}}}}
    if traces_file is not None:
        overlay["exporters"] = {"file": {"path": str(traces_file)}}
        overlay["service"] = {"pipelines": {"traces": {"exporters": ["file"]}}}
    path.write_text(yaml.safe_dump(overlay))
    return path
