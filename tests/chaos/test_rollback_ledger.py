import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest

from chaos.rollback_ledger import Entry, enter, open_entries, resume, settle, settle_overdue, take_back


@pytest.fixture
def stopped() -> Iterator[psutil.Process]:
    """A process that was stopped by a fault."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])
    process = psutil.Process(child.pid)
    process.suspend()
    yield process
    child.kill()
    child.wait()


def is_stopped(process: psutil.Process) -> bool:
    return process.status() == psutil.STATUS_STOPPED


def await_state(process: psutil.Process, *, stopped: bool) -> None:
    end = time.monotonic() + 5
    while is_stopped(process) is not stopped:
        assert time.monotonic() < end, f"the process is still {process.status()}"
        time.sleep(0.01)


def test_an_entry_is_open_until_it_is_settled(tmp_path: Path, stopped: psutil.Process) -> None:
    await_state(stopped, stopped=True)
    ledger = tmp_path / "rollbacks.jsonl"
    entry = Entry("one", stopped.pid, stopped.create_time(), deadline=time.time() + 60)
    enter(ledger, entry)
    assert open_entries(ledger) == [entry]
    settle(ledger, entry, by="experiment")
    assert open_entries(ledger) == []
    await_state(stopped, stopped=False)


def test_only_overdue_faults_are_undone(tmp_path: Path, stopped: psutil.Process) -> None:
    await_state(stopped, stopped=True)
    ledger = tmp_path / "rollbacks.jsonl"
    enter(ledger, Entry("one", stopped.pid, stopped.create_time(), deadline=100.0))
    assert settle_overdue(ledger, now=99.0) == []
    assert is_stopped(stopped)
    assert [one.id for one in settle_overdue(ledger, now=100.0)] == ["one"]
    await_state(stopped, stopped=False)


def test_another_process_that_got_the_pid_is_left_alone(stopped: psutil.Process) -> None:
    await_state(stopped, stopped=True)
    assert resume(stopped.pid, stopped.create_time() + 1) == "gone"
    assert is_stopped(stopped)


def test_a_process_that_is_gone_needs_no_undo() -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    created = psutil.Process(child.pid).create_time()
    child.wait()
    assert resume(child.pid, created) == "gone"


def test_a_ledger_that_was_never_written_has_no_faults(tmp_path: Path) -> None:
    assert open_entries(tmp_path / "none.jsonl") == []


@pytest.fixture
def keeper() -> Iterator[tuple[str, set[str]]]:
    """An address, and the faults that a server keeps there until they are deleted."""
    kept = {"/toxics/slow"}

    class Handler(BaseHTTPRequestHandler):
        def do_DELETE(self) -> None:
            self.send_response(204 if self.path in kept else 404)
            kept.discard(self.path)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", kept
        server.shutdown()


def test_a_fault_that_somebody_else_keeps_is_taken_back(tmp_path: Path, keeper: tuple[str, set[str]]) -> None:
    address, kept = keeper
    ledger = tmp_path / "rollbacks.jsonl"
    entry = Entry("one", 0, 0.0, time.time() + 60, f"{address}/toxics/slow")
    enter(ledger, entry)
    assert open_entries(ledger) == [entry]
    settle(ledger, entry, by="experiment")
    assert open_entries(ledger) == []
    assert kept == set()
    assert take_back(entry.url) == "gone"


def test_a_fault_whose_keeper_is_gone_needs_no_undo() -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}"
    assert take_back(f"{address}/toxics/slow") == "gone"
