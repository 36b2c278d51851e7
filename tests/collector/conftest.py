"""Real programs on free loopback ports, ended after each test."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from chaos.lab.configuration import collector_arguments
from chaos.lab.programs import find
from tests.collector.local_collector import Collector

Start = Callable[[Sequence[str | Path], Mapping[str, str], str], None]
_BOUND_SECONDS = 10


@pytest.fixture
def free_address() -> Callable[[], str]:
    """Gives host:port of a loopback port that nobody listens on."""

    def choose() -> str:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            return f"127.0.0.1:{listener.getsockname()[1]}"

    return choose


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a program with some variables and waits until its health URL answers."""
    with ExitStack() as running:

        def begin(argv: Sequence[str | Path], environ: Mapping[str, str], health: str) -> None:
            process = running.enter_context(subprocess.Popen(argv, env={**os.environ, **environ}))
            running.callback(process.terminate)
            deadline = time.monotonic() + _BOUND_SECONDS
            while not answers(health):
                assert process.poll() is None, f"{argv[0]} ended with {process.returncode}"
                assert time.monotonic() < deadline, f"{health} gave no answer in {_BOUND_SECONDS} s"
                time.sleep(0.05)

        yield begin


@pytest.fixture
def metric_expiration() -> str:
    """How long after it was last sent the collector forgets a series."""
    return "1m"


@pytest.fixture
def collector(tmp_path: Path, free_address: Callable[[], str], start: Start, metric_expiration: str) -> Collector:
    """The built collector with the local configuration, which answers."""
    otlp, metrics, health = free_address(), free_address(), free_address()
    folder = tmp_path / "telemetry"
    environ = {
        "OTLP_ENDPOINT": otlp,
        "PROMETHEUS_ENDPOINT": metrics,
        "HEALTH_ENDPOINT": health,
        "TELEMETRY_DIR": str(folder),
        "METRIC_EXPIRATION": metric_expiration,
        "OWN_METRICS_PORT": free_address().rpartition(":")[2],
    }
    start([find("billing-otelcol"), *collector_arguments("local.yaml")], environ, f"http://{health}")
    return Collector(f"http://{otlp}", f"http://{metrics}/metrics", folder)


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=1).ok
    except requests.RequestException:
        return False
