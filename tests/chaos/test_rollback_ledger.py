import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest
import requests

from chaos import actions, rollback_ledger
from chaos.rollback_ledger import Entry, enter, open_entries, resume, settle, settle_overdue, take_back
from chaos.run_folder import RunFolder, read_lines


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
    """An address, and the faults that a server keeps there until they are deleted.

    `/toxics/stuck` it cannot take back, of `/toxics/silent` it says nothing, and at `/toxics/broken` it hangs up.
    """
    kept, over = {"/toxics/slow"}, threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_DELETE(self) -> None:
            if self.path == "/toxics/broken":
                return
            if self.path == "/toxics/silent":
                over.wait(10)
                return
            status = 500 if self.path == "/toxics/stuck" else 204 if self.path in kept else 404
            self.send_response(status)
            kept.discard(self.path)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", kept
        over.set()
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


STUCK = ("stuck", "silent", "broken")


@pytest.mark.parametrize("name", STUCK)
def test_a_fault_that_could_not_be_taken_back_is_not_called_gone(
    keeper: tuple[str, set[str]], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollback_ledger, "_SECONDS", 0.2)
    with pytest.raises(requests.RequestException):
        take_back(f"{keeper[0]}/toxics/{name}")


def enter_all(folder: RunFolder, address: str) -> None:
    """Those that cannot be taken back, and then one that can."""
    folder.make()
    for name in (*STUCK, "slow"):
        enter(folder.rollbacks, Entry(name, 0, 0.0, 100.0, f"{address}/toxics/{name}"))


def test_what_could_not_be_undone_stays_open_and_holds_nothing_else_up(
    tmp_path: Path, keeper: tuple[str, set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollback_ledger, "_SECONDS", 0.2)
    folder = RunFolder(tmp_path / "run")
    enter_all(folder, keeper[0])
    assert [one.id for one in settle_overdue(folder.rollbacks, now=100.0)] == ["slow"]
    assert settle_overdue(folder.rollbacks, now=100.0) == []
    assert [one.id for one in open_entries(folder.rollbacks)] == list(STUCK)
    failed = [line["failed"] for line in read_lines(folder.rollbacks) if "failed" in line]
    assert failed == list(STUCK), "each once, however often it was tried"
    assert keeper[1] == set()


def test_the_rollback_says_that_a_fault_is_left_after_it_undid_the_others(
    tmp_path: Path, keeper: tuple[str, set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollback_ledger, "_SECONDS", 0.2)
    folder = RunFolder(tmp_path / "run")
    monkeypatch.setenv("GAMEDAY_RUN", str(folder.root))
    enter_all(folder, keeper[0])
    assert actions.undo_faults() is False
    assert [one.id for one in open_entries(folder.rollbacks)] == list(STUCK)
    assert keeper[1] == set()
