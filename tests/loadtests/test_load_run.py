"""The documented command against a real HTTP server that stalls: is the load open-loop, and honest?"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
RATE = 60
STALL_SECONDS = 2.0


@dataclass
class Billing:
    """A service that takes usage events once, and can stall: taken, but the connection closes unanswered."""

    ledger: dict[str, int] = field(default_factory=dict)
    reports: list[list[str]] = field(default_factory=list)
    tenants: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    flowing: threading.Event = field(default_factory=threading.Event)

    def take(self, events: list[dict[str, Any]]) -> list[dict[str, str]]:
        with self.lock:
            self.reports.append([event["event_id"] for event in events])
            return [self._take_one(event) for event in events]

    def _take_one(self, event: dict[str, Any]) -> dict[str, str]:
        known = event["event_id"] in self.ledger
        self.ledger.setdefault(event["event_id"], event["value"])
        return {"event_id": event["event_id"], "status": "duplicate" if known else "accepted"}

    def new_tenant(self) -> dict[str, str]:
        with self.lock:
            self.tenants += 1
            return {"tenant_id": f"t{self.tenants}", "api_key": f"key-{self.tenants}"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    billing: Billing

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/tenants":
            self.reply(201, self.billing.new_tenant())
        else:
            self.reply(200, {"results": self.billing.take(sent["events"])})

    def do_GET(self) -> None:
        self.reply(200, {})

    def reply(self, status: int, document: object) -> None:
        if not self.billing.flowing.is_set():
            self.billing.flowing.wait(10)
            self.close_connection = True
            return
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Quiet: thousands of lines say nothing here."""


@pytest.fixture
def billing() -> Iterator[tuple[Billing, str]]:
    state = Billing()
    state.flowing.set()
    handler = type("BillingHandler", (Handler,), {"billing": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield state, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def start_locust(url: str, out: Path, *extra: str, **env: str) -> subprocess.Popen[str]:
    command = [str(Path(sys.executable).with_name("locust")), "-f", "loadtests/locustfile.py", "--headless"]
    return subprocess.Popen(
        [*command, "-H", url, "-u", "1", "--only-summary", *extra],
        cwd=ROOT,
        env={**os.environ, "LOAD_OUT": str(out), "LOAD_TENANTS": "5", **env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(path: Path, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear in {seconds} s"
        time.sleep(0.01)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_stall_changes_the_answers_but_not_the_arrivals(billing: tuple[Billing, str], tmp_path: Path) -> None:
    service, url = billing
    locust = start_locust(url, tmp_path, "--run-time", "60s", LOAD_RATE=str(RATE), LOAD_SEED="7")
    wait_for(tmp_path / "ready")
    time.sleep(1.5)
    service.flowing.clear()
    stalled_at = time.time()
    time.sleep(STALL_SECONDS)
    flowing_at = time.time()
    service.flowing.set()
    time.sleep(1.5)
    locust.send_signal(signal.SIGTERM)
    stopped_at = time.time()
    _, log = locust.communicate(timeout=15)
    assert locust.returncode == 0, log
    assert time.time() - stopped_at < 10

    attempts = rows(tmp_path / "requests.jsonl")
    arrivals = [row for row in attempts if row["attempt"] == 1]
    in_stall = [row for row in arrivals if stalled_at <= row["intended"] < flowing_at]
    expected = RATE * (flowing_at - stalled_at)
    assert abs(len(in_stall) - expected) < 4 * expected**0.5, "arrivals must keep their pace through a stall"

    early = [row for row in in_stall if row["intended"] < stalled_at + 0.5]
    assert min(row["ended"] - row["intended"] for row in early) > STALL_SECONDS - 0.6
    assert {(row["status"], row["ok"]) for row in early} == {(0, False)}
    calm = [row for row in arrivals if row["ended"] < stalled_at]
    assert all(row["ok"] for row in calm)

    check_resends(service, attempts, tmp_path)
    check_summary(attempts, tmp_path)


def check_resends(service: Billing, attempts: list[dict[str, Any]], out: Path) -> None:
    """Each unanswered report came again with the same ids, and each of its events was acknowledged once."""
    seen: dict[str, tuple[str, ...]] = {}
    repeated = 0
    for report in service.reports:
        ids = tuple(report)
        assert all(seen.setdefault(event_id, ids) == ids for event_id in ids)
        repeated += service.reports.count(report) > 1
    assert repeated > 0
    again = [row for row in attempts if row["attempt"] > 1]
    assert {row["name"] for row in again} == {"POST /usage/report"}
    acknowledged = rows(out / "acknowledged.jsonl")
    assert len(acknowledged) == len({row["event_id"] for row in acknowledged})
    assert {row["event_id"]: row["value"] for row in acknowledged} == service.ledger


def check_summary(attempts: list[dict[str, Any]], out: Path) -> None:
    summary = json.loads((out / "load.json").read_text())
    arrivals = [row for row in attempts if row["attempt"] == 1]
    assert summary["attempts"] == len(attempts)
    assert summary["arrivals"] == summary["sent"] == len(arrivals)
    assert summary["dropped"] == len(rows(out / "dropped.jsonl")) == 0
    assert summary["failed"] == sum(not row["ok"] for row in attempts) > 0
    assert summary["resent"] == len(attempts) - len(arrivals) > 0
    assert summary["acknowledged_events"] == len(rows(out / "acknowledged.jsonl"))
    assert summary["unresolved_events"] == 0
    assert summary["late_p99_seconds"] < 0.5


def test_arrivals_that_the_generator_could_not_send_in_time_are_dropped_by_name(
    billing: tuple[Billing, str], tmp_path: Path
) -> None:
    _, url = billing
    locust = start_locust(url, tmp_path, LOAD_RATE=str(RATE))
    wait_for(tmp_path / "ready")
    time.sleep(0.3)
    locust.send_signal(signal.SIGSTOP)
    stopped_at = time.time()
    time.sleep(1.6)
    locust.send_signal(signal.SIGCONT)
    time.sleep(0.5)
    locust.send_signal(signal.SIGTERM)
    _, log = locust.communicate(timeout=15)
    assert locust.returncode == 0, log

    dropped = rows(tmp_path / "dropped.jsonl")
    assert dropped
    assert all(stopped_at - 0.1 < row["intended"] < stopped_at + 0.7 for row in dropped)
    assert all("behind its schedule" in row["reason"] and row["name"] for row in dropped)
    assert json.loads((tmp_path / "load.json").read_text())["dropped"] == len(dropped)
    sent = rows(tmp_path / "requests.jsonl")
    assert max(row["sent"] - row["intended"] for row in sent) < 1.1


def test_the_run_time_ends_the_run_with_its_summary(billing: tuple[Billing, str], tmp_path: Path) -> None:
    _, url = billing
    locust = start_locust(url, tmp_path, "--run-time", "1s", LOAD_RATE="20")
    _, log = locust.communicate(timeout=20)
    assert locust.returncode == 0, log
    assert json.loads((tmp_path / "load.json").read_text())["arrivals"] > 0


@pytest.mark.parametrize(
    ("env", "named"), [({"LOAD_RATE": "fast"}, "LOAD_RATE"), ({"LOAD_TENANTS": "0"}, "LOAD_TENANTS")]
)
def test_a_bad_setting_is_one_line_and_exit_code_2(tmp_path: Path, env: dict[str, str], named: str) -> None:
    locust = start_locust("http://127.0.0.1:9", tmp_path, "--skip-log-setup", **env)
    _, log = locust.communicate(timeout=15)
    assert locust.returncode == 2
    assert log.count("\n") == 1
    assert log.startswith(f"loadtests: {named}: ")
    assert "expected" in log
