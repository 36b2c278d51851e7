"""Chaos Toolkit actions: the faults, each with a bound of its own.

Chaos Toolkit calls these in a process of the run, which finds its files through `GAMEDAY_RUN`.
"""

from __future__ import annotations

import signal
import time
import uuid

import psutil

from chaos import rollback_ledger
from chaos.lab.state import read_state
from chaos.run_folder import RunFolder


def hang_process(program: str, at_most_seconds: float) -> bool:
    """Stop a program of the lab as it is: its sockets stay open and nothing is answered.

    The ledger of rollbacks hears of it first, so that the watchdog lets it go on after `at_most_seconds` even if
    nobody else does. Raises LabError for a program that the lab does not run.
    """
    folder = RunFolder.from_environment()
    target = read_state(folder.lab).program(program)
    now = time.time()
    entry = rollback_ledger.Entry(uuid.uuid4().hex, target.pid, target.created, now + at_most_seconds)
    rollback_ledger.enter(folder.rollbacks, entry)
    before = time.time()
    psutil.Process(target.pid).send_signal(signal.SIGSTOP)
    after = time.time()
    folder.record("fault_injected", before, error_bar_seconds=after - before, fault="hang", program=program)
    return True


def undo_faults() -> bool:
    """Undo every fault that nobody has undone yet; True when none is open."""
    folder = RunFolder.from_environment()
    rollback_ledger.settle_each(folder.rollbacks, rollback_ledger.open_entries(folder.rollbacks), by="experiment")
    return not rollback_ledger.open_entries(folder.rollbacks)
