import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import psutil

from chaos.lab import watchdog
from chaos.lab.processes import MARKER_VARIABLE, marked_processes
from chaos.rollback_ledger import Entry, enter, open_entries

_RUNNER = """
import os, subprocess, sys, time
from pathlib import Path
from chaos.lab import watchdog
from chaos.lab.processes import MARKER_VARIABLE
lab_id, ledger = sys.argv[1], Path(sys.argv[2])
watchdog.start(lab_id, ledger, 60.0)
for _ in range(3):
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], env={**os.environ, MARKER_VARIABLE: lab_id})
print("up", flush=True)
time.sleep(60)
"""


def until(happened: Callable[[], bool], seconds: float, complaint: str) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, complaint
        time.sleep(0.05)


def watchdogs(lab_id: str) -> list[psutil.Process]:
    return [one for one in psutil.process_iter(["cmdline"]) if lab_id in (one.info["cmdline"] or [])]


def test_a_killed_runner_leaves_nothing_behind(tmp_path: Path) -> None:
    lab_id = uuid.uuid4().hex
    runner = subprocess.Popen(
        [sys.executable, "-c", _RUNNER, lab_id, str(tmp_path / "rollbacks.jsonl")], stdout=subprocess.PIPE
    )
    assert runner.stdout
    assert runner.stdout.readline() == b"up\n"
    until(lambda: len(marked_processes(lab_id)) == 3, 5, "the lab did not come up")
    marked_processes(lab_id)[0].suspend()
    runner.kill()
    runner.wait()
    runner.stdout.close()
    until(lambda: not marked_processes(lab_id), 10, "processes of the lab are left")
    until(lambda: not watchdogs(lab_id), 5, "the watchdog itself is left")


def test_a_fault_past_its_deadline_is_undone_while_the_run_goes_on(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    process = psutil.Process(child.pid)
    process.suspend()
    ledger = tmp_path / "rollbacks.jsonl"
    enter(ledger, Entry("one", child.pid, process.create_time(), deadline=time.time() + 0.3))
    guard = watchdog.start(uuid.uuid4().hex, ledger, 60.0)
    until(lambda: not open_entries(ledger), 10, "the fault is still open")
    until(lambda: process.status() != psutil.STATUS_STOPPED, 5, "the process is still stopped")
    watchdog.dismiss(guard)
    assert guard.returncode == 0
    child.kill()
    child.wait()


def test_a_lab_ends_with_its_lifetime_even_if_its_runner_lives(tmp_path: Path) -> None:
    lab_id = uuid.uuid4().hex
    guard = watchdog.start(lab_id, tmp_path / "rollbacks.jsonl", 0.5)
    assert guard.wait(10) == 0
    watchdog.dismiss(guard)


def test_a_watchdog_that_cannot_go_on_sweeps_first(tmp_path: Path) -> None:
    lab_id = uuid.uuid4().hex
    ledger = tmp_path / "rollbacks.jsonl"
    ledger.write_text("no JSON\n")
    environment = {**os.environ, MARKER_VARIABLE: lab_id}
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], env=environment)
    guard = watchdog.start(lab_id, ledger, 60.0)
    assert child.wait(10) == -signal.SIGKILL
    assert guard.wait(10) == 1
    watchdog.dismiss(guard)
