import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from slo.model import Policy, Slo
from slo.policy import load_policy
from slo.spec import SPECS, load_specs

ROOT = Path(__file__).parents[2]

Promtool = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def slo() -> Slo:
    return next(slo for slo in load_specs(SPECS.glob("*.yaml")) if slo.name == "api-availability")


@pytest.fixture
def seed() -> Policy:
    return load_policy("seed")


@pytest.fixture(scope="session")
def promtool() -> Promtool:
    """Runs promtool with arguments; a machine without it cannot test rules, which is a failure."""
    program = _program("promtool")

    def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        command = [program, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    return run


SPEC = """\
apiVersion: openslo/v1
kind: Service
metadata: {name: shop}
spec: {}
"""
SLO = """\
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: NAME}
spec:
  service: shop
  indicator:
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: Prometheus, spec: {query: 'NAME_requests_total{code="500"}'}}}
        total: {metricSource: {type: Prometheus, spec: {query: NAME_requests_total}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.999}]
  alertPolicies: [{alertPolicyRef: seed}]
"""
# A slice of 5m is bad above 5 % errors.
SLICED = {
    "Timeslices": "{target: 0.999, timeSliceTarget: 0.95, timeSliceWindow: 5m}",
    "RatioTimeslices": "{target: 0.999, timeSliceWindow: 5m}",
}
GROUPED = "{name: regional, annotations: {slo/group-by: region}}"
DAY, HOUR, MINUTE = 86_400, 3_600, 60
# 6,000 requests a minute; the share of errors from and to so many seconds before the end.
OUTAGES = {
    "healthy": [(2 * DAY, 2 * DAY - 20 * MINUTE, 0.1)],
    "exhausted": [(4 * DAY, 4 * DAY - 60 * MINUTE, 1.0)],
    "burning": [(30 * MINUTE, 0, 0.2)],
    "idle": [],
    "recorded": [],
    "stormy": [
        (46 * HOUR, 46 * HOUR - 10 * MINUTE, 1.0),
        (42 * HOUR, 42 * HOUR - 4 * MINUTE, 0.3),
        (40 * HOUR, 38 * HOUR, 0.02),
        (20 * HOUR, 14 * HOUR, 0.008),
        (6 * HOUR, 6 * HOUR - 25 * MINUTE, 0.25),
        (2 * HOUR, 0, 0.013),
    ],
}


@dataclass(frozen=True)
class Shop:
    """A Prometheus with thirty days of four SLOs, and their documents; `absent` is a fifth that nothing measures."""

    url: str
    folder: Path
    end: int

    def spec(self, *slos: str) -> Path:
        path = self.folder / f"{'-'.join(slos)}.yaml"
        path.write_text(SPEC + "".join(SLO.replace("NAME", name) for name in slos))
        return path

    def sliced(self, method: str, *slos: str) -> Path:
        """The same documents, budgeted by slices."""
        path = self.folder / f"{method}-{'-'.join(slos)}.yaml"
        document = self.spec(*slos).read_text().replace("Occurrences", method)
        path.write_text(document.replace("{target: 0.999}", SLICED[method]))
        return path

    def series(self, slo: str, days: int) -> list[dict[str, str]]:
        """The last days of an SLO's counters in promtool's notation, from 0 on."""
        counted = _counted(slo, self.end)
        first = next(counts for at, *counts in counted if at == self.end - days * DAY)
        last = [[*counts] for at, *counts in _counted(slo, self.end) if at >= self.end - days * DAY]
        values = (" ".join(str(counts[index] - first[index]) for counts in last) for index in (0, 1))
        return [
            {"series": f'{slo}_requests_total{{code="{code}"}}', "values": text}
            for code, text in zip(("200", "500"), values, strict=True)
        ]

    def regional(self) -> Path:
        """The document of an SLO that is kept apart by region; `us` fails since a quarter of an hour."""
        document = SLO.replace("NAME", "regional").replace("{name: regional}", GROUPED)
        path = self.folder / "regional.yaml"
        path.write_text(SPEC + document)
        return path


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    end = int(time.time()) // 600 * 600
    (folder / "history.txt").write_text("".join(_history(end)))
    _run(
        "promtool",
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        "--max-block-duration=768h",
        "--quiet",
        folder / "history.txt",
        folder / "data",
    )
    (folder / "prometheus.yml").write_text("{}\n")
    with _prometheus(folder) as url:
        yield Shop(url, folder, end)


@pytest.fixture
def prometheus_with(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Starts a Prometheus that has loaded these rules, and says where it is."""
    with contextlib.ExitStack() as running:

        def start(rules: str) -> str:
            folder = tmp_path / "prometheus"
            folder.mkdir()
            (folder / "loaded.yaml").write_text(rules)
            (folder / "prometheus.yml").write_text("rule_files: [loaded.yaml]\n")
            return running.enter_context(_prometheus(folder))

        yield start


@pytest.fixture
def alertmanager_with(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Starts an Alertmanager with this configuration, and says where it is."""
    with contextlib.ExitStack() as running:

        def start(configuration: str) -> str:
            path, port = tmp_path / "alertmanager.yml", _free_port()
            path.write_text(configuration)
            argv = [
                _program("alertmanager"),
                f"--config.file={path}",
                f"--storage.path={tmp_path}/alertmanager",
                f"--web.listen-address=127.0.0.1:{port}",
                "--cluster.listen-address=",
            ]
            return running.enter_context(_running(argv, tmp_path / "alertmanager.log", port))

        yield start


@contextlib.contextmanager
def _prometheus(folder: Path) -> Iterator[str]:
    port = _free_port()
    argv = [
        _program("prometheus"),
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--storage.tsdb.retention.time=90d",
    ]
    with _running(argv, folder / "log", port) as url:
        yield url


@contextlib.contextmanager
def _running(argv: list[str], log: Path, port: int) -> Iterator[str]:
    with log.open("w") as file, subprocess.Popen(argv, stdout=file, stderr=file) as process:
        try:
            _wait(f"http://127.0.0.1:{port}/-/ready")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def _history(end: int) -> Iterator[str]:
    """Counters a minute, as OpenMetrics."""
    for name in OUTAGES:
        yield f"# TYPE {name}_requests_total unknown\n"
        counted = list(_counted(name, end))
        yield from (f'{name}_requests_total{{code="200"}} {good} {at}\n' for at, good, _ in counted)
        yield from (f'{name}_requests_total{{code="500"}} {bad} {at}\n' for at, _, bad in counted)
    yield "# TYPE regional_requests_total unknown\n"
    for region, failing in (("eu", 0), ("us", 15)):
        for minute in range(30 * 60 + 1):
            bad = max(0, minute - (30 * 60 - failing)) * 600 if failing else 0
            at = end - 30 * HOUR + minute * MINUTE
            yield f'regional_requests_total{{code="200",region="{region}"}} {6_000 * minute - bad} {at}\n'
    for minute in range(30 * 60 + 1):
        bad, at = max(0, minute - (30 * 60 - 15)) * 600, end - 30 * HOUR + minute * MINUTE
        yield f'regional_requests_total{{code="500",region="us"}} {bad} {at}\n'
    yield "# TYPE slo:error_ratio:window gauge\n"
    yield f'slo:error_ratio:window{{slo="recorded",service="shop",window="30d"}} 0.00025 {end}\n'
    yield "# TYPE ALERTS gauge\n"
    labels = 'alertname="ExhaustedErrorBudgetBurn",alertstate="firing",slo="exhausted",severity="page"'
    for at in range(end - 4 * DAY + 2 * MINUTE, end - 4 * DAY + HOUR + 1, MINUTE):
        yield f'ALERTS{{{labels},long_window="1h",short_window="5m"}} 1 {at}\n'
    yield "# EOF\n"


def _counted(name: str, end: int) -> Iterator[tuple[int, int, int]]:
    """Each minute: when, good and bad requests so far."""
    good = bad = 0
    for at in range(end - 30 * DAY, end + 1, MINUTE):
        share = next((share for first, last, share in OUTAGES[name] if end - first < at <= end - last), 0.0)
        requests = 0 if name == "idle" else 6_000
        bad += round(requests * share)
        good += requests - round(requests * share)
        yield at, good, bad


def _wait(url: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(requests.RequestException):
            if requests.get(url, timeout=5).ok:
                return
        time.sleep(0.05)
    pytest.fail(f"{url} is not ready")


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=str(ROOT / ".tools" / "bin"))
    assert found, f"{name} is neither on PATH nor in .tools/bin"
    return found


def _run(name: str, *arguments: str | Path) -> None:
    done = subprocess.run(
        [_program(name), *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
