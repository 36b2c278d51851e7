"""`python -m tests.collector.kill`: kill the gateway under load, its receiver up or down, and count what arrives.

Logs pass the queue on disk: what the gateway took must arrive. Undecided traces are in memory: those are lost,
and counted.
The last line is `sent= delivered= lost= doubled=` of log records, after a line about traces.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import requests

from chaos.lab.configuration import collector_arguments
from chaos.lab.ports import LOOPBACK, choose_ports
from chaos.lab.programs import find
from tests.collector.gateway import gateway_environment, write_overlay
from tests.collector.otlp_fixtures import log_records, spans

BATCH = 20
PORTS = (
    "gateway",
    "gateway_grpc",
    "gateway_health",
    "gateway_metrics",
    "sink",
    "sink_health",
    "sink_metrics",
    "sink_own",
)
_READY_SECONDS = 15
_QUIET_SECONDS = 35
"""No record came for so long, though some are missing: longer than the longest pause between two retries."""
_DECIDED_SECONDS = 3
"""A trace that came last is decided and sent."""


@dataclass(frozen=True)
class Count:
    """Of log records and of failed traces that were acknowledged: sent, and how many of them arrived."""

    sent: int
    delivered: int
    doubled: int
    traces_sent: int
    traces_delivered: int

    @property
    def lost(self) -> int:
        return self.sent - self.delivered


class Program:
    """A collector that can be killed and started again with the same files."""

    def __init__(self, arguments: tuple[str, ...], environ: dict[str, str], health: str, log: Path) -> None:
        self._argv = [str(find("billing-otelcol")), *arguments]
        self._environ, self._health, self._log = {**os.environ, **environ}, health, log
        self.start()

    def start(self) -> None:
        with self._log.open("a") as log:
            self._process = subprocess.Popen(self._argv, env=self._environ, stdout=log, stderr=log)
        try:
            self._await_ready()
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """SIGKILL: nothing is flushed."""
        self._process.kill()
        self._process.wait(10)

    def stop(self) -> None:
        """SIGTERM: what was acknowledged is written."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def _await_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not _answers(self._health):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"kill: the collector did not start; see {self._log}")
            time.sleep(0.05)


@dataclass
class Load:
    """Sends records until told to stop; a request that was not acknowledged is sent again, as it was.

    `records` and `traces` are those that were acknowledged.
    """

    otlp: str
    rate: float
    records: int = 0
    traces: int = 0
    _stop: Event = field(default_factory=Event)

    @contextmanager
    def running(self) -> Iterator[None]:
        threads = [Thread(target=self._logs, daemon=True), Thread(target=self._traces, daemon=True)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(_READY_SECONDS)

    def _logs(self) -> None:
        while not self._stop.is_set():
            bodies = [f"record-{self.records + number}" for number in range(BATCH)]
            entries = [{"timeUnixNano": "1", "body": {"stringValue": body}} for body in bodies]
            if self._is_taken("logs", {"resourceLogs": [{"scopeLogs": [{"logRecords": entries}]}]}):
                self.records += BATCH
            self._stop.wait(BATCH / self.rate)

    def _traces(self) -> None:
        while not self._stop.is_set():
            number = self.traces + 1
            ids = {"traceId": f"{number:032x}", "spanId": f"{number:016x}"}
            span = {**ids, "name": "s", "startTimeUnixNano": "1", "endTimeUnixNano": "2", "status": {"code": 2}}
            if self._is_taken("traces", {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}):
                self.traces = number
            self._stop.wait(0.02)

    def _is_taken(self, signal_name: str, body: dict[str, object]) -> bool:
        """Send until it is acknowledged; False when told to stop before that."""
        while not self._stop.is_set():
            try:
                if requests.post(f"{self.otlp}/v1/{signal_name}", json=body, timeout=2).ok:
                    return True
            except requests.RequestException:
                pass  # the gateway is down; that is what we are here for
            self._stop.wait(0.1)
        return False


def play(folder: Path, kills: int, rate: float, seconds_between: float) -> Count:
    """Kill the gateway; every other time while its receiver is down. Then wait until nothing comes any more."""
    ports = choose_ports(PORTS, {})
    address = {name: f"{LOOPBACK}:{port}" for name, port in ports.items()}
    with ExitStack() as running:
        sink = _sink(folder, address)
        running.callback(sink.stop)
        gateway = _gateway(folder, address)
        running.callback(gateway.kill)
        load = Load(f"http://{address['gateway']}", rate)
        with load.running():
            for number in range(kills):
                time.sleep(seconds_between)
                if number % 2:
                    sink.stop()
                    time.sleep(seconds_between)
                gateway.kill()
                gateway.start()
                if number % 2:
                    sink.start()
                print(f"kill: {number + 1} of {kills}, {load.records} records taken", file=sys.stderr, flush=True)
            time.sleep(seconds_between)
        _settle(folder / "logs.jsonl", load.records)
    return _count(folder, load)


def main(arguments: list[str] | None = None) -> int:
    """Exit 1 where a record that the gateway took did not arrive."""
    parser = argparse.ArgumentParser(prog="python -m tests.collector.kill", description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--rate", type=float, default=2000, help="log records a second")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        count = play(Path(name), options.kills, options.rate, seconds_between=3)
    undecided = count.traces_sent - count.traces_delivered
    print(f"failed traces: sent={count.traces_sent} lost={undecided} (undecided when the gateway was killed)")
    print(f"sent={count.sent} delivered={count.delivered} lost={count.lost} doubled={count.doubled}")
    return 1 if count.lost or not count.sent else 0


def _sink(folder: Path, address: dict[str, str]) -> Program:
    environ = {
        "OTLP_ENDPOINT": address["sink"],
        "PROMETHEUS_ENDPOINT": address["sink_metrics"],
        "HEALTH_ENDPOINT": address["sink_health"],
        "OWN_METRICS_PORT": address["sink_own"].rpartition(":")[2],
        "TELEMETRY_DIR": str(folder),
    }
    return Program(collector_arguments("local.yaml"), environ, f"http://{address['sink_health']}", folder / "sink.log")


def _gateway(folder: Path, address: dict[str, str]) -> Program:
    environ = gateway_environment(folder / "gateway") | {
        "OTLP_ENDPOINT": address["gateway_grpc"],
        "PROMETHEUS_ENDPOINT": address["gateway_metrics"],
        "HEALTH_ENDPOINT": address["gateway_health"],
        "TEMPO_ENDPOINT": f"http://{address['sink']}",
        "LOKI_ENDPOINT": f"http://{address['sink']}",
        "DECISION_WAIT": "1s",
    }
    overlay = write_overlay(folder / "overlay.yaml", address["gateway"])
    arguments = (*collector_arguments("gateway.yaml"), "--config", str(overlay))
    return Program(arguments, environ, f"http://{address['gateway_health']}", folder / "gateway.log")


def _settle(file: Path, records: int) -> None:
    """Return when all records have come, or none has come for long."""
    size, since = -1, time.monotonic()
    while time.monotonic() - since < _QUIET_SECONDS and len(_records(file)) < records:
        if (now := file.stat().st_size) != size:
            size, since = now, time.monotonic()
        time.sleep(0.5)
    time.sleep(_DECIDED_SECONDS)


def _count(folder: Path, load: Load) -> Count:
    records = _records(folder / "logs.jsonl")
    traces = {span["traceId"] for span in spans(folder / "traces.jsonl")}
    taken = {f"record-{number}" for number in range(load.records)}
    doubled = sum(times - 1 for record, times in records.items() if record in taken)
    traced = {f"{number:032x}" for number in range(1, load.traces + 1)}
    return Count(load.records, len(taken & records.keys()), doubled, load.traces, len(traced & traces))


def _records(file: Path) -> Counter[str]:
    return Counter(record["body"]["stringValue"] for record in log_records(file))


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=1).ok
    except requests.RequestException:
        return False


if __name__ == "__main__":
    sys.exit(main())
