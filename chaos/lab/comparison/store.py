"""A Prometheus that is given its past: series in, blocks made of them, queries answered."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from chaos.errors import LabError
from chaos.lab.ports import LOOPBACK, choose_ports
from chaos.lab.programs import find

STEP_SECONDS = 60
"""Between two samples of a series, and between two evaluations of a rule."""
_MOST_POINTS = 10_000
_START_SECONDS, _STOP_SECONDS, _SEED_SECONDS, _QUERY_SECONDS = 60, 20, 300, 120

Samples = list[tuple[int, float]]
"""(unix seconds, value), on whole steps."""


@dataclass(frozen=True)
class Series:
    """Samples under a name and labels."""

    name: str
    labels: Mapping[str, str]
    samples: Samples


@dataclass(frozen=True)
class Cost:
    """What one evaluation of an expression takes."""

    samples: int
    seconds: float


class Store:
    """The data of one Prometheus in a folder, which it may be started on more than once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data = folder / "data"
        self._data.mkdir(parents=True)

    def add(self, found: Iterable[Series]) -> None:
        """Write series as blocks, while no Prometheus is running; a LabError with promtool's words if it refuses."""
        text = self._folder / "series.txt"
        with text.open("w") as file:
            file.writelines(_open_metrics(found))
        options = ["tsdb", "create-blocks-from", "openmetrics", "--quiet", "--max-block-duration=1000h"]
        command = [str(find("promtool")), *options, str(text), str(self._data)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SEED_SECONDS)
        if done.returncode != 0:
            raise LabError(f"promtool took the series not: {done.stderr.strip()[-300:]}")
        text.unlink()

    @contextmanager
    def prometheus(self, rule_files: Sequence[Path] = ()) -> Iterator[Prometheus]:
        """A running Prometheus on this data."""
        port = choose_ports(["prometheus"], {})["prometheus"]
        config = self._folder / "prometheus.yaml"
        config.write_text(json.dumps({"global": _PACE, "rule_files": [str(path.resolve()) for path in rule_files]}))
        argv = [
            str(find("prometheus")),
            f"--config.file={config}",
            f"--storage.tsdb.path={self._data}",
            "--storage.tsdb.retention.time=100d",
            f"--web.listen-address={LOOPBACK}:{port}",
            # A series that a rule no longer writes ends at once, as it does where a rule manager marks its end.
            f"--query.lookback-delta={STEP_SECONDS}s",
            "--log.level=warn",
        ]
        with (self._folder / "prometheus.log").open("a") as log:
            process = subprocess.Popen(argv, stdout=log, stderr=log)
            try:
                yield _ready(Prometheus(f"http://{LOOPBACK}:{port}"), process)
            finally:
                process.terminate()
                try:
                    process.wait(_STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


_PACE = {"evaluation_interval": f"{STEP_SECONDS}s"}


class Prometheus:
    """Queries; a LabError carries Prometheus' refusal."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()

    def range(self, expression: str, start: int, end: int, step: int = STEP_SECONDS) -> Samples:
        """What an expression without labels of its own is at each step in [start, end]."""
        samples: Samples = []
        while start <= end:
            last = min(end, start + step * (_MOST_POINTS - 1))
            options = {"query": expression, "start": start, "end": last, "step": step}
            for one in self._ask("query_range", options)["result"]:
                samples += [(int(at), float(value)) for at, value in one["values"]]
            start = last + step
        return samples

    def value(self, expression: str, at: int) -> float | None:
        """What an expression is at a moment; None where it has no sample."""
        result = self._ask("query", {"query": expression, "time": at})["result"]
        return float(result[0]["value"][1]) if result else None

    def cost(self, expression: str, at: int) -> Cost:
        """What one evaluation takes: samples that are read, and seconds, the best of several."""
        options = {"query": expression, "time": at, "stats": "all"}
        found = [self._ask("query", options)["stats"] for _ in range(7)]
        seconds = min(one["timings"]["execTotalTime"] for one in found)
        return Cost(found[0]["samples"]["totalQueryableSamples"], seconds)

    def unhealthy_rules(self) -> list[str]:
        """What the rule manager says of the rules that it cannot evaluate."""
        groups = self._ask("rules", {})["groups"]
        rules = (rule for group in groups for rule in group["rules"])
        return [f"{rule['name']}: {rule.get('lastError')}" for rule in rules if rule["health"] == "err"]

    def is_ready(self) -> bool:
        try:
            return bool(self._session.get(f"{self._url}/-/ready", timeout=1).ok)
        except requests.RequestException:
            return False

    def _ask(self, path: str, options: Mapping[str, Any]) -> Any:
        answer = (
            self._session.post(f"{self._url}/api/v1/{path}", data=options, timeout=_QUERY_SECONDS)
            if options
            else (self._session.get(f"{self._url}/api/v1/{path}", timeout=_QUERY_SECONDS))
        )
        body = answer.json()
        if body["status"] != "success":
            raise LabError(f"Prometheus refused {options.get('query', path)!r}: {body.get('error')}")
        return body["data"]


def _ready(prometheus: Prometheus, process: subprocess.Popen[bytes]) -> Prometheus:
    end = time.monotonic() + _START_SECONDS
    while not prometheus.is_ready():
        if process.poll() is not None or time.monotonic() > end:
            raise LabError("Prometheus did not start; see prometheus.log")
        time.sleep(0.1)
    return prometheus


def _open_metrics(found: Iterable[Series]) -> Iterator[str]:
    by_name: dict[str, list[Series]] = {}
    for series in found:
        by_name.setdefault(series.name, []).append(series)
    for name, several in by_name.items():
        yield f"# TYPE {name} unknown\n"
        for series in several:
            head = name + "{" + ",".join(f'{label}="{value}"' for label, value in series.labels.items()) + "}"
            yield from (f"{head} {value!r} {at}\n" for at, value in series.samples)
    yield "# EOF\n"
