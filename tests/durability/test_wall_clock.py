"""Wall clocks that are stepped below running programs."""

import os
import subprocess
import sys
import time

import pytest

from chaos.lab.powerloss.clock import WallClock, preloaded

# For each line on stdin: the wall clock in three ways, how long a sleep and a lock's time-out took, monotonic time.
_REPORTER = """
import datetime, sys, threading, time
for line in sys.stdin:
    lock, began = threading.Lock(), time.monotonic()
    lock.acquire()
    lock.acquire(timeout=0.05)
    time.sleep(0.05)
    waited = time.monotonic() - began
    now = datetime.datetime.now(datetime.UTC).timestamp()
    print(time.time(), now, time.clock_gettime(time.CLOCK_REALTIME), waited, time.monotonic(), flush=True)
"""


@pytest.fixture
def reporter(tmp_path):
    clock = WallClock(tmp_path / "clock", seconds=50.0)
    env = {**os.environ, **preloaded(clock)}
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", _REPORTER], env=env, stdin=pipe, stdout=pipe, text=True) as process:

        def ask():
            process.stdin.write("\n")
            process.stdin.flush()
            return [float(word) for word in process.stdout.readline().split()]

        ask.clock = clock
        yield ask
        process.stdin.close()


def test_a_python_program_sees_only_its_wall_clock_stepped(reporter):
    for offset in (50.0, 7250.0, -3600.0, 0.0):
        reporter.clock.step_to(offset)
        *walls, waited, monotonic = reporter()
        assert walls == pytest.approx([time.time() + offset] * 3, abs=0.5)
        assert waited == pytest.approx(0.1, abs=0.09)
        assert monotonic == pytest.approx(time.monotonic(), abs=0.5)


def test_a_step_is_relative_and_may_be_negative(tmp_path):
    clock = WallClock(tmp_path / "clock", seconds=10.0)
    clock.step_by(-25.5)
    assert clock.seconds == -15.5


def test_a_server_sees_the_steps_and_expires_by_them(start_server):
    server = start_server()
    server.client.set("key", "value", ex=100)
    server.clock.step_to(3600)
    _await(lambda: server.client.time()[0] == pytest.approx(time.time() + 3600, abs=2))
    _await(lambda: server.client.get("key") is None)
    server.client.set("key", "value", ex=100)
    server.clock.step_by(-3600)
    _await(lambda: server.client.ttl("key") > 3600)


def _await(condition):
    """A server reads the clock a few times a second at least."""
    end = time.monotonic() + 3
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
