"""What the probes say of a process, of which the operating system knows more than the one who sent it a signal."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from chaos import probes


class Folder:
    """Keeps what is recorded."""

    def __init__(self) -> None:
        self.recorded: list[str] = []

    def record(self, name: str, **_: Any) -> None:
        self.recorded.append(name)


@pytest.fixture
def folder() -> Folder:
    return Folder()


@pytest.fixture
def program(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    """A program of the lab."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])
    lab = SimpleNamespace(program=lambda _: child)
    monkeypatch.setattr(probes, "_lab", lambda: (folder, lab))
    yield child
    child.kill()
    child.wait()


def test_a_program_that_stops_a_moment_later_is_seen_to_stop(program: subprocess.Popen[bytes], folder: Folder) -> None:
    threading.Timer(0.2, program.send_signal, (signal.SIGSTOP,)).start()
    assert probes.program_is_stopped("worker")
    assert folder.recorded == ["effect_confirmed"]


def test_a_program_that_goes_on_is_not_stopped(
    program: subprocess.Popen[bytes], folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "_STOP_SECONDS", 0.1)
    assert not probes.program_is_stopped("worker")
    assert folder.recorded == []
    assert program.poll() is None
