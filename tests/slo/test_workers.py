"""Several processes make what one makes, and fail as one fails."""

import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import psutil
import pytest

from slo import output, workers
from slo.errors import ScaleError
from slo.guarded import load_guarded
from slo.spec import SPECS


@pytest.fixture(autouse=True)
def no_child_is_left() -> Iterator[None]:
    """A Prometheus that other tests share may be a child of this process as well."""
    before = {child.pid for child in psutil.Process().children()}
    yield
    assert {child.pid for child in psutil.Process().children()} <= before


@pytest.mark.parametrize("processes", [2, 3, 50])
def test_the_files_are_those_of_one_process(processes: int) -> None:
    guarded = load_guarded(sorted(SPECS.glob("*.yaml")))
    alone = output.generate(guarded, 1, processes=1)
    shared = output.generate(guarded, 1, processes=processes)
    assert list(shared.items()) == list(alone.items())


def test_parts_are_made_by_processes_of_their_own() -> None:
    makers = workers.mapped(lambda part: (os.getpid(), list(part)), range(7), 3)
    assert [part for _, part in makers] == [[0, 1, 2], [3, 4, 5], [6]]
    assert makers[0][0] == os.getpid()
    assert len({pid for pid, _ in makers}) == 3


def test_nothing_is_made_of_nothing() -> None:
    assert workers.mapped(len, [], 4) == [0]


def test_few_items_stay_in_one_process() -> None:
    assert workers.mapped(lambda _: os.getpid(), range(workers.WORTH_IT - 1)) == [os.getpid()]


def test_many_items_have_a_process_for_each_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    assert len(set(workers.mapped(lambda _: os.getpid(), range(workers.WORTH_IT)))) == 2


def test_a_process_with_threads_is_not_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert workers.mapped(lambda _: os.getpid(), range(workers.WORTH_IT)) == [os.getpid()]


@pytest.mark.parametrize("wrong", [0, 5, 9])
def test_an_error_is_raised_here(wrong: int) -> None:
    def make(part: Sequence[int]) -> Sequence[int]:
        if wrong in part:
            raise ScaleError(f"{wrong} is wrong")
        return part

    with pytest.raises(ScaleError, match=f"{wrong} is wrong"):
        workers.mapped(make, range(10), 2)


def test_what_a_worker_cannot_send_is_made_here() -> None:
    def make(part: Sequence[int]) -> object:
        return lambda: sum(part)

    made = workers.mapped(make, range(4), 2)
    assert [each() for each in made] == [1, 5]  # type: ignore[operator]


def test_a_worker_that_is_killed_is_replaced(tmp_path: Path) -> None:
    parent = os.getpid()

    def make(part: Sequence[int]) -> list[int]:
        if os.getpid() != parent:
            (tmp_path / "started").touch()
            _end()
        return list(part)

    assert workers.mapped(make, range(4), 2) == [[0, 1], [2, 3]]
    assert (tmp_path / "started").exists()


def _end() -> NoReturn:
    os.kill(os.getpid(), 9)
    raise AssertionError("still here")
