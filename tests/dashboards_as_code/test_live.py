"""`dashboards check --prometheus` against a real Prometheus that scrapes a small endpoint and runs the SLO's rules."""

import html
import itertools
import math
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from prometheus_api_client import PrometheusConnect

from dashboards_as_code import queries, report
from dashboards_as_code.__main__ import main
from dashboards_as_code.errors import UnavailableError
from dashboards_as_code.live import Question
from dashboards_as_code.model import AlertState, Board, Panel, Query, Row, Unit
from dashboards_as_code.sources import Sources
from service.telemetry.registry import Metric, prometheus_labels, prometheus_names
from slo import names
from slo.rules import rule_file, to_yaml

TOOLS = Path(__file__).parents[2] / ".tools" / "bin"
SCALE = 30
MOST_COMBINATIONS = 12
BAD = {f'billing_request_outcome="{queries.BAD}"'}
# What the period's budget rests on is recorded every ten seconds at this scale, each objective in a phase of its own.
DEADLINE_SECONDS = 40.0


@dataclass
class Exposition:
    """What the endpoint shows: every metric of the registry but the hidden ones.

    All count up with the time but the calls to Stripe, of which there was one before the first scrape.
    """

    metrics: tuple[Metric, ...]
    hidden: set[str] = field(default_factory=set)
    extra: str = ""
    started: float = field(default_factory=time.monotonic)

    def text(self) -> str:
        shown = (metric for metric in self.metrics if metric.name not in self.hidden)
        return "".join(map(self._series, shown)) + self.extra

    def _series(self, metric: Metric) -> str:
        count = 1 if metric.name == queries.STRIPE else int(100 * (time.monotonic() - self.started))
        return "".join(
            self._sample(metric, labels, 0 if BAD.intersection(labels) else count)
            for labels in self._label_sets(metric)
        )

    @staticmethod
    def _sample(metric: Metric, labels: list[str], count: int) -> str:
        series = prometheus_names(metric)
        if metric.instrument != "histogram":
            return f"{series[0]}{{{','.join(labels)}}} {count}\n"
        bounds = [*(f"{bound:g}" for bound in metric.buckets), "+Inf"]
        buckets = [([*labels, f'le="{bound}"'], count) for bound in bounds]
        rows = [(series[0], *bucket) for bucket in buckets] + [(name, labels, count) for name in series[1:]]
        return "".join(f"{name}{{{','.join(own)}}} {value}\n" for name, own, value in rows)

    @staticmethod
    def _label_sets(metric: Metric) -> Iterator[list[str]]:
        """Every combination of values where they are few, else each value of a counter, or a histogram's first one."""
        known = {queries.STATUS: "200", queries.ROUTE: "/usage/report", queries.ERROR: "", queries.COST_TENANT: "other"}
        known |= {"gameday.run": "one", queries.ALERT_NAME: "ApiAvailabilityErrorBudgetBurn"}
        values = [
            [known[attribute.name]] if attribute.name in known else attribute.values for attribute in metric.attributes
        ]
        first = tuple(each[0] for each in values)
        alone = ((*first[:i], value, *first[i + 1 :]) for i, each in enumerate(values) for value in each)
        few = math.prod(map(len, values)) <= MOST_COMBINATIONS
        several = itertools.product(*values) if few else dict.fromkeys(alone)
        for chosen in several if few or metric.instrument != "histogram" else [first]:
            pairs = zip(prometheus_labels(metric), chosen, strict=True)
            yield ['job="billing"', 'instance="one"', *(f'{name}="{value}"' for name, value in pairs if value)]


@pytest.fixture(scope="module")
def exposition(known: Sources) -> Exposition:
    return Exposition(known.registry.metrics + known.gameday.metrics)


@pytest.fixture(scope="module")
def endpoint(exposition: Exposition) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = exposition.text().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def configuration(directory: Path, target: str, known: Sources) -> Path:
    rules = directory / "rules.yaml"
    groups = [group for e in known.guarded for group in rule_file(e.slo, e.policy, SCALE)["groups"]]
    rules.write_text(to_yaml({"groups": groups}))
    scrape = {"job_name": "test", "honor_labels": True, "static_configs": [{"targets": [target]}]}
    settings = {"scrape_interval": "250ms", "scrape_timeout": "250ms", "evaluation_interval": "250ms"}
    path = directory / "prometheus.yaml"
    path.write_text(yaml.safe_dump({"global": settings, "rule_files": [str(rules)], "scrape_configs": [scrape]}))
    return path


@pytest.fixture(scope="module")
def prometheus(endpoint: str, known: Sources, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = shutil.which("prometheus") or shutil.which("prometheus", path=TOOLS)
    assert program, f"no prometheus on PATH or in {TOOLS}; expected one of them to hold it"
    directory = tmp_path_factory.mktemp("prometheus")
    address = f"127.0.0.1:{free_port()}"
    with (directory / "log").open("w") as log:
        process = subprocess.Popen(
            [
                program,
                f"--config.file={configuration(directory, endpoint, known)}",
                f"--storage.tsdb.path={directory / 'data'}",
                f"--web.listen-address={address}",
            ],
            stdout=log,
            stderr=log,
        )
        try:
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait(timeout=10)


def eventually(reached: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not reached():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.25)
    return True


def check(url: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str], str]:
    code = main(["check", "--prometheus", url, "--rate-interval", "3s", "--lookback", "10s"])
    printed = capsys.readouterr()
    return code, printed.out.splitlines(), printed.err


def test_panels_with_data_are_filled_and_panels_without_are_empty(
    prometheus: str, exposition: Exposition, all_panels: list[Panel], capsys: pytest.CaptureFixture[str]
) -> None:
    exposition.hidden = {queries.STRIPE}
    lost = {
        "latency: Stripe call latency, p95",
        "errors: Stripe errors",
        *(f"gameday: {title}" for title in ["Stripe call latency, p95", "Stripe calls", "Stripe errors"]),
    }
    partly = {"latency: Time a request, by dependency"}
    last_line = f"panels={len(all_panels)} empty={len(lost | partly)}"
    assert eventually(lambda: check(prometheus, capsys)[1][-1:] == [last_line]), check(prometheus, capsys)
    code, lines, error = check(prometheus, capsys)
    series = {line.rsplit(maxsplit=2)[0].strip(): line.rsplit(maxsplit=2)[1:] for line in lines[1:-1]}
    assert code == 1
    assert {panel for panel, (count, _) in series.items() if count == "0"} == lost
    assert series["gameday: Stripe calls"] == ["0", "0"]
    assert error.count("no data") == len(lost | partly)

    exposition.hidden = set()
    assert eventually(lambda: check(prometheus, capsys)[0] == 0), check(prometheus, capsys)
    _, lines, error = check(prometheus, capsys)
    assert lines[0].split() == ["panel", "series", "samples"]
    assert lines[-1] == f"panels={len(all_panels)} empty=0"
    assert error == ""


def test_the_preview_draws_every_panel(
    prometheus: str, all_panels: list[Panel], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "page.html"
    command = ["preview", "--prometheus", prometheus, "--rate-interval", "3s", "--lookback", "10s", "--out", str(out)]

    assert main(command) == 0

    assert capsys.readouterr().out.splitlines()[-1].endswith(f" panels={len(all_panels)} empty=0")
    page = out.read_text()
    assert page.count("<article") == len(all_panels)
    assert not [html.escape(panel.title) for panel in all_panels if html.escape(panel.title) not in page]
    assert "no data" not in page


def test_a_panel_with_one_query_without_a_number_is_empty(prometheus: str, capsys: pytest.CaptureFixture[str]) -> None:
    queries_of = {"half": ("vector(1)", "vector(NaN)"), "full": ("vector(1)", "vector(2)")}
    panels = tuple(
        Panel(title, "A panel.", Unit.COUNT, tuple(Query(expr, expr) for expr in exprs))
        for title, exprs in queries_of.items()
    )
    board = Board("test", "Test", "A test.", (Row("Row", panels),))

    assert report.live([board], Question(prometheus, timedelta(seconds=9), "3s")) == 1

    printed = capsys.readouterr()
    assert [line.split() for line in printed.out.splitlines()] == [
        ["panel", "series", "samples"],
        ["test:", "half", "1", "10"],
        ["test:", "full", "2", "20"],
        ["panels=2", "empty=1"],
    ]
    assert printed.err == "dashboards: test: half: no data: vector(NaN)\n"


@pytest.mark.parametrize("state", AlertState)
def test_the_alert_timeline_shows_each_state_as_its_number(
    state: AlertState, prometheus: str, exposition: Exposition, known: Sources
) -> None:
    (entry, *_), (pair, *_) = known.guarded, known.guarded[0].policy.pairs
    labels = f'slo="{entry.slo.name}",long_window="{pair.long}",short_window="{pair.short}"'
    name = f'{queries.ALERT_NAME}="{names.burn_alert(entry.slo.name)}"'
    shown = f'{queries.ALERTS}{{{name},{labels},{queries.ALERT_STATE}="{state.name.lower()}"}} 1\n'
    exposition.extra = shown if state else ""

    def current() -> list[str]:
        with PrometheusConnect(prometheus, retry=0) as connection:
            found = connection.custom_query(queries.burn_alert_state(entry.slo, pair))
        return [sample["value"][1] for sample in found]

    assert eventually(lambda: current() == [str(state.value)]), current()


def test_a_prometheus_that_is_not_there_is_one_line_and_exit_3(capsys: pytest.CaptureFixture[str]) -> None:
    url = f"http://127.0.0.1:{free_port()}"

    assert main(["check", "--prometheus", url]) == 3

    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith(f"dashboards: {url}: ")
    assert "no connection" in error
    assert "expected" in error


def test_a_query_that_is_refused_is_named_with_its_panel(prometheus: str) -> None:
    panels = (Panel("half", "A panel.", Unit.COUNT, (Query("1 +", "one"),)),)
    board = Board("test", "Test", "A test.", (Row("Row", panels),))
    with pytest.raises(UnavailableError, match=re.escape(f"{prometheus}: test: half: 1 +: ") + ".*parse error"):
        report.live([board], Question(prometheus, timedelta(seconds=9), "3s"))


def test_a_server_that_is_no_prometheus_is_exit_3(endpoint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--prometheus", f"http://{endpoint}/"]) == 3
    assert capsys.readouterr().err.count("\n") == 1
