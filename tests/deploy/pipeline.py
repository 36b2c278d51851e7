"""Agent and gateway on loopback with their own files, and the service's own exporter before them."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import requests

from chaos.lab.configuration import collector_arguments
from chaos.lab.ports import LOOPBACK, choose_ports
from deploy.certificates import Authority, utc_now
from tests.collector.gateway import certificates, gateway_environment, write_overlay
from tests.collector.otlp_fixtures import spans

TRACES = 40
_SECONDS = 20
_PORTS = ("agent", "agent_health", "gateway", "gateway_http", "gateway_health", "gateway_metrics")
_SENDER = """
import sys
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import StatusCode
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(sys.argv[1] + "/v1/traces")))
for _ in range(int(sys.argv[2])):
    span = provider.get_tracer("check").start_span("GET /health")
    span.set_attributes({"http.route": "/health", "user.password": "a canary"})
    span.set_status(StatusCode.ERROR)
    span.end()
provider.shutdown()
"""


def traces_through(collector: Path, python: Path, folder: Path) -> tuple[set[str], str]:
    """Ids of the traces that came out behind the gateway, and all that was written there."""
    ports, authority = choose_ports(_PORTS, {}), Authority.create(utc_now())
    service = certificates(folder / "service", "service", authority)
    out = folder / "traces.jsonl"
    with _running(collector, folder, ports, authority, out):
        endpoint = f"https://{LOOPBACK}:{ports['agent']}"
        try:
            requests.post(f"{endpoint}/v1/traces", json={}, verify=str(service / "ca.pem"), timeout=5)
        except requests.exceptions.ConnectionError:
            pass  # the agent asked for a certificate
        else:
            raise AssertionError("the agent took a request without a certificate")
        subprocess.run([python, "-c", _SENDER, endpoint, str(TRACES)], env=_client(service), timeout=60, check=True)
        return _written(out), out.read_text()


@contextmanager
def _running(
    collector: Path, folder: Path, ports: Mapping[str, int], authority: Authority, out: Path
) -> Iterator[None]:
    address = {name: f"{LOOPBACK}:{port}" for name, port in ports.items()}
    gateway = gateway_environment(folder / "gateway", authority) | {
        "OTLP_ENDPOINT": address["gateway"],
        "HEALTH_ENDPOINT": address["gateway_health"],
        "PROMETHEUS_ENDPOINT": address["gateway_metrics"],
        "DECISION_WAIT": "1s",
    }
    agent = {
        "OWN_METRICS_ENDPOINT": gateway["OWN_METRICS_ENDPOINT"],
        "OTLP_ENDPOINT": address["agent"],
        "TLS_DIR": str(certificates(folder / "agent" / "tls", "agent", authority)),
        "QUEUE_DIR": str(folder / "agent" / "queue"),
        "HEALTH_ENDPOINT": address["agent_health"],
        "GATEWAY_HOST": "localhost",
        "GATEWAY_PORT": str(ports["gateway"]),
    }
    overlay = write_overlay(folder / "overlay.yaml", address["gateway_http"], out)
    with ExitStack() as stack:
        for name, environ, extra in (("gateway", gateway, ("--config", str(overlay))), ("agent", agent, ())):
            argv = [collector, *collector_arguments(f"{name}.yaml"), *extra]
            log = stack.enter_context((folder / f"{name}.log").open("w"))
            process = stack.enter_context(subprocess.Popen(argv, env={**os.environ, **environ}, stdout=log, stderr=log))
            stack.callback(process.terminate)
            _wait(f"http://{address[f'{name}_health']}", folder / f"{name}.log")
        yield


def _client(tls: Path) -> dict[str, str]:
    """The variables that docker-compose.yml gives to the service."""
    return {
        **{name: value for name, value in os.environ.items() if not name.endswith("_CA_BUNDLE")},
        "OTEL_EXPORTER_OTLP_CERTIFICATE": str(tls / "ca.pem"),
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": str(tls / "cert.pem"),
        "OTEL_EXPORTER_OTLP_CLIENT_KEY": str(tls / "key.pem"),
    }


def _written(out: Path) -> set[str]:
    """Trace ids in the file, once all are there or the time is over."""
    deadline = time.monotonic() + _SECONDS
    while True:
        found = {span["traceId"] for span in spans(out)}
        if len(found) == TRACES or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


def _wait(health: str, log: Path) -> None:
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            if requests.get(health, timeout=1).ok:
                return
        except requests.RequestException:
            pass  # it is not up yet
        assert time.monotonic() < deadline, f"no answer from {health}: {log.read_text()[-500:]}"
        time.sleep(0.1)
