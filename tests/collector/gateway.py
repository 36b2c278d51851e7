"""The gateway's own configuration on loopback: certificates of its own, and what a test replaces of it."""

from pathlib import Path
from typing import Any

import yaml

from deploy.certificates import Authority, utc_now


def gateway_environment(folder: Path, authority: Authority | None = None) -> dict[str, str]:
    """Variables of a gateway whose files are below `folder` and whose receivers do not answer."""
    return {
        "TLS_DIR": str(certificates(folder / "tls", "gateway", authority or Authority.create(utc_now()))),
        "QUEUE_DIR": str(folder / "queue"),
        "OTLP_ENDPOINT": "127.0.0.1:4317",
        "HEALTH_ENDPOINT": "127.0.0.1:13133",
        "PROMETHEUS_ENDPOINT": "127.0.0.1:8889",
        "TEMPO_ENDPOINT": "http://127.0.0.1:9",
        "LOKI_ENDPOINT": "http://127.0.0.1:9/otlp",
        "OWN_METRICS_ENDPOINT": "http://127.0.0.1:9",
    }


def certificates(tls: Path, host: str, authority: Authority) -> Path:
    """The folder, with the files of that host in it."""
    tls.mkdir(parents=True, exist_ok=True)
    for name, content in authority.issue(host, utc_now()).items():
        (tls / name).write_bytes(content)
    return tls


def write_overlay(path: Path, otlp: str, traces_file: Path | None = None) -> Path:
    """What lies over the gateway's configuration: OTLP/HTTP in clear on loopback, and a file in Tempo's place."""
    overlay: dict[str, Any] = {"receivers": {"otlp": {"protocols": {"http": {"endpoint": otlp}}}}}
    if traces_file is not None:
        overlay["exporters"] = {"file": {"path": str(traces_file)}}
        overlay["service"] = {"pipelines": {"traces": {"exporters": ["file"]}}}
    path.write_text(yaml.safe_dump(overlay))
    return path
