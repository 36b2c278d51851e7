"""A long list in parts, one for each core, where the system can divide a process in two."""

import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")
WORTH_IT = 200
"""Items for which a second process saves more time than it takes to start."""


def mapped(make: Callable[[Sequence[Item]], Made], items: Sequence[Item], processes: int | None = None) -> list[Made]:
    """What `make` makes of consecutive parts of the items, in order; by default one process for each core.

    What a worker cannot do this process does itself, so that an error is the one that a single process would raise.
    """
    first, *others = _parts(items, _cores(len(items)) if processes is None else processes)
    workers = [_Worker.started(make, part) for part in others]
    try:
        made = [make(first)]
        for worker, part in zip(workers, others, strict=True):
            found = worker.answer()
            made.append(make(part) if found is None else pickle.loads(found))  # noqa: S301 (from a copy of this process)
        return made
    finally:
        for worker in workers:
            worker.end()


@dataclass
class _Worker:
    """A copy of this process that writes what it makes to a pipe."""

    pid: int
    pipe: int
    status: int | None = None

    @classmethod
    def started(cls, make: Callable[[Any], object], part: object) -> "_Worker":
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            _work(make, part, writing)
        os.close(writing)
        return cls(pid, reading)

    def answer(self) -> bytes | None:
        """The pickled answer; None where the worker failed."""
        with os.fdopen(os.dup(self.pipe), "rb") as pipe:
            found = pipe.read()
        self.status = os.waitpid(self.pid, 0)[1]
        return found if self.status == 0 else None

    def end(self) -> None:
        os.close(self.pipe)
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            self.status = os.waitpid(self.pid, 0)[1]


def _work(make: Callable[[Any], object], part: object, writing: int) -> None:
    """The life of a worker, which ends here: nothing of its parent's is flushed, closed or said twice."""
    status = 1
    try:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(pickle.dumps(make(part), pickle.HIGHEST_PROTOCOL))
        status = 0
    finally:
        os._exit(status)


def _parts(items: Sequence[Item], count: int) -> list[Sequence[Item]]:
    """At most `count` parts of about the same length, at least one."""
    length = -(-len(items) // count) or 1
    return [items[at : at + length] for at in range(0, len(items), length)] or [items]


def _cores(items: int) -> int:
    """How many processes may share the work; threads beside this one might hold locks that a copy never gets back."""
    if items < WORTH_IT or sys.platform != "linux" or threading.active_count() > 1:
        return 1
    return len(os.sched_getaffinity(0))
