"""A Collector whose queue fills and whose receiver refuses, for the figures that only such a one has."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

from chaos.errors import LabError
from chaos.lab.processes import Command
from chaos.lab.programs import find
from chaos.lab.stack import Lab

CONFIG = Path(__file__).with_name("queueing.yaml")
_AT_ONCE = 8
_SPAN = {"traceId": "01" * 16, "spanId": "02" * 8, "name": "contract", "kind": 1}
_LOG = {"body": {"stringValue": "contract"}}
_METRIC = {"name": "contract", "gauge": {"dataPoints": [{"asInt": "1"}]}}
_BODIES: Mapping[str, Any] = {
    "traces": {"resourceSpans": [{"scopeSpans": [{"spans": [_SPAN]}]}]},
    "logs": {"resourceLogs": [{"scopeLogs": [{"logRecords": [_LOG]}]}]},
    "metrics": {"resourceMetrics": [{"scopeMetrics": [{"metrics": [_METRIC]}]}]},
}


async def start(lab: Lab, own_metrics: str) -> str:
    """Start it as one more process of the lab; where it takes OTLP."""
    with socket.socket() as taken, socket.socket() as nobody:
        for each in (taken, nobody):
            each.bind(("127.0.0.1", 0))
        address, unheard = (f"127.0.0.1:{each.getsockname()[1]}" for each in (taken, nobody))
    env = {"OTLP_ENDPOINT": address, "NOBODY_ENDPOINT": f"http://{unheard}", "OWN_METRICS_ENDPOINT": own_metrics}
    argv = (str(find("billing-otelcol")), "--config", str(CONFIG))
    await lab.start_command(Command("queueing", argv, lab.folder / "queueing.log", env))
    return f"http://{address}"


def overfill(endpoint: str) -> None:
    """Send more of each signal at once than the queue holds; raises LabError where nobody takes OTLP."""
    _wait(endpoint)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for path, body in _BODIES.items():
            for done in [pool.submit(_post, f"{endpoint}/v1/{path}", body) for _ in range(10 * _AT_ONCE)]:
                done.result()


def _post(url: str, body: Any) -> None:
    requests.post(url, json=body, timeout=10)


def _wait(endpoint: str) -> None:
    until = time.monotonic() + 15
    while time.monotonic() < until:
        try:
            _post(f"{endpoint}/v1/logs", {})
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise LabError(f"no collector takes OTLP at {endpoint}")
