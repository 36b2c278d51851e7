"""A process that two gateways show at the same time is counted once, and no rule or panel keeps the gateways apart."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import promql_parser as promql
import pytest
import requests
import yaml

from chaos.lab.programs import PROJECT, find
from chaos.lab.scaling import seconds
from service.telemetry.pipeline import METRIC_INTERVAL_SECONDS
from service.telemetry.registry import load_registry, prometheus_names

LABEL = "gateway"
EXPOSED = 'billing_http_requests_total{job="billing",instance="api-1"}'
KEPT_BY = {"topk", "bottomk"}
"""Aggregations that leave the labels as they are."""


@pytest.fixture
def gateways() -> Iterator[list[str]]:
    """Addresses of two: one stands still, as a process has moved away from it, and the other one's counter grows."""
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), _showing(step)) for step in (0, 1)]
    threads = [Thread(target=server.serve_forever, daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    yield [f"127.0.0.1:{server.server_port}" for server in servers]
    for server in servers:
        server.shutdown()
        server.server_close()


def _showing(step: int) -> type[BaseHTTPRequestHandler]:
    """Answers a scrape with a counter that began at 1000 and grows by `step` with each."""

    class Shown(BaseHTTPRequestHandler):
        value = 1000

        def do_GET(self) -> None:
            type(self).value += step
            body = f"{EXPOSED} {self.value}\n".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """The test says what it saw."""

    return Shown


@pytest.fixture
def prometheus(
    tmp_path: Path,
    gateways: list[str],
    free_address: Callable[[], str],
    start: Callable[[Sequence[str | Path], Mapping[str, str], str], None],
) -> str:
    """The deployment's job for the gateways, in clear and without DNS, ten times a second."""
    document = yaml.safe_load((PROJECT / "deploy" / "prometheus" / "prometheus.yaml").read_text())
    (job,) = [job for job in document["scrape_configs"] if job["job_name"] == "collector"]
    for of_the_deployment in ("scheme", "tls_config", "dns_sd_configs"):
        del job[of_the_deployment]
    scraped = {**job, "static_configs": [{"targets": gateways}]}
    every = {"scrape_interval": "100ms", "scrape_timeout": "100ms"}
    config = tmp_path / "prometheus.yaml"
    config.write_text(yaml.safe_dump({"global": every, "scrape_configs": [scraped]}))
    address = free_address()
    argv: list[str | Path] = [
        find("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address={address}",
        "--log.level=error",
    ]
    start(argv, {}, f"http://{address}/-/ready")
    return f"http://{address}"


def test_two_gateways_that_show_the_same_process_count_it_once(prometheus: str) -> None:
    deadline = time.monotonic() + 10
    while (samples := _value(prometheus, "sum(count_over_time(billing_http_requests_total[1m]))")) < 30:
        assert time.monotonic() < deadline, f"{samples} samples"
        time.sleep(0.2)
    grown = _value(prometheus, 'sum(increase(billing_http_requests_total{job="billing",instance="api-1"}[1m]))')
    assert 5 < grown < 2 * samples


def _value(prometheus: str, query: str) -> float:
    answer = requests.get(f"{prometheus}/api/v1/query", params={"query": query}, timeout=5).json()
    return float(answer["data"]["result"][0]["value"][1]) if answer["data"]["result"] else 0


def test_no_rule_and_no_panel_keeps_the_gateways_apart() -> None:
    emitted = {name for metric in load_registry().metrics for name in prometheus_names(metric)} | {"target_info"}
    expressions = [*_rules(), *_panels()]
    assert len(expressions) > 300
    assert [text for text in expressions if _keeps(promql.parse(text), emitted)] == []


@pytest.mark.parametrize(
    ("text", "is_kept"),
    [
        ("rate(target_info[5m])", True),
        ("1 + sum without (instance) (target_info)", True),
        ("sum by (gateway) (target_info) or vector(0)", True),
        ("topk(3, target_info)", True),
        ("sum(target_info)", False),
        ("max without (gateway) (target_info) > 0", False),
        ("histogram_quantile(0.9, sum by (le) (rate(target_info[5m])))", False),
        ("sum(avg_over_time((target_info > bool 1)[5m:30s]))", False),
        ("sum by (job) (target_info) / on (job) group_left (gateway) target_info", True),
    ],
)
def test_what_keeps_them_apart_is_recognised(text: str, is_kept: bool) -> None:
    assert _keeps(promql.parse(text), {"target_info"}) is is_kept


def _keeps(node: Any, emitted: set[str]) -> bool:
    """Whether the result of an expression has the label."""
    if isinstance(node, promql.VectorSelector):
        return node.name in emitted
    if isinstance(node, promql.MatrixSelector):
        return _keeps(node.vector_selector, emitted)
    if isinstance(node, promql.AggregateExpr) and str(node.op) not in KEPT_BY:
        return _is_grouped_by_it(node.modifier) and _keeps(node.expr, emitted)
    if isinstance(node, promql.Call):
        return node.func.name != "absent" and any(_keeps(each, emitted) for each in node.args)
    if isinstance(node, promql.BinaryExpr):
        return _keeps(node.lhs, emitted) or _keeps(node.rhs, emitted)
    inner = getattr(node, "expr", None)
    return inner is not None and _keeps(inner, emitted)


def _is_grouped_by_it(modifier: Any) -> bool:
    if modifier is None:
        return False
    is_named = LABEL in modifier.labels
    return is_named if modifier.type == promql.AggModifierType.By else not is_named


def _rules() -> Iterator[str]:
    for room in ("collector", "slo"):
        for path in (PROJECT / room).rglob("*.rules.yaml"):
            for group in yaml.safe_load(path.read_text())["groups"]:
                yield from (rule["expr"] for rule in group["rules"])


def _panels() -> Iterator[str]:
    for path in (PROJECT / "dashboards_as_code" / "generated").glob("*.json"):
        for text in _expressions(json.loads(path.read_text())):
            yield text.replace("$__rate_interval", "5m").replace("$__interval", "5m").replace("$__range", "1h")


def _expressions(node: Any) -> Iterator[str]:
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        if key == "expr":
            yield value
        elif isinstance(value, dict | list):
            yield from _expressions(value)


def test_a_living_process_is_not_forgotten_by_its_gateway() -> None:
    gateway = yaml.safe_load((PROJECT / "collector" / "gateway.yaml").read_text())
    agent = yaml.safe_load((PROJECT / "collector" / "agent.yaml").read_text())
    forgotten = gateway["exporters"]["prometheus"]["metric_expiration"].removesuffix("}").rpartition(":-")[2]
    flushed = agent["connectors"]["span_metrics"]["metrics_flush_interval"]
    assert float(seconds(forgotten)) >= 3 * max(METRIC_INTERVAL_SECONDS, float(seconds(flushed)))


def test_every_collector_of_the_deployment_speaks_for_itself() -> None:
    services = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())["services"]
    variables = [service.get("environment", {}) for service in services.values()]
    names = [environ["INSTANCE"] for environ in variables if "OWN_METRICS_ENDPOINT" in environ]
    assert len(set(names)) == len(names) == 3
