"""The short form of `make collector-kill`, and that it leaves nothing behind where it cannot go on."""

import threading
import time
from pathlib import Path

import psutil
import pytest

from tests.collector import kill
from tests.collector.kill import Load, play


@pytest.mark.long
def test_what_the_gateway_took_arrives_though_it_is_killed(tmp_path: Path) -> None:
    count = play(tmp_path, kills=2, rate=1000, seconds_between=0.7)
    assert count.sent > 500
    assert count.lost == 0
    assert count.traces_delivered > 0


@pytest.mark.parametrize(("name", "ready_seconds"), [("sink", 0.3), ("gateway", 3)])
def test_where_one_does_not_get_ready_none_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, ready_seconds: float
) -> None:
    """Either is started with its own health check; the one that is named never says that it is ready."""
    is_healthy = kill._answers
    of_sink: list[str] = []

    def answers(url: str) -> bool:
        of_sink[:] = of_sink or [url]
        return is_healthy(url) and name != ("sink" if url in of_sink else "gateway")

    monkeypatch.setattr(kill, "_READY_SECONDS", ready_seconds)
    monkeypatch.setattr(kill, "_answers", answers)
    before = set(psutil.Process().children())
    with pytest.raises(SystemExit, match=f"did not start; see .*/{name}.log"):
        play(tmp_path, kills=1, rate=1000, seconds_between=0.1)
    assert set(psutil.Process().children()) == before


def test_a_load_that_nobody_takes_ends_when_it_is_told_to_and_counts_nothing() -> None:
    before, load = set(threading.enumerate()), Load("http://127.0.0.1:9", rate=1000)
    started = time.monotonic()
    with load.running():
        time.sleep(0.3)
    assert time.monotonic() - started < 3
    assert set(threading.enumerate()) == before
    assert (load.records, load.traces) == (0, 0)
