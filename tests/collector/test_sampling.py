"""Which traces the gateway keeps: its own configuration, with a file in Tempo's place."""

import collections
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from chaos.lab.configuration import collector_arguments
from chaos.lab.programs import PROJECT, find
from service.telemetry.registry import load_registry
from slo.indicator import Counted
from slo.query import Counter
from slo.spec import load_specs
from tests.collector.gateway import gateway_environment, write_overlay
from tests.collector.otlp_fixtures import send, spans

START = 1_700_000_000_000_000_000
GATEWAY = yaml.safe_load((PROJECT / "collector" / "gateway.yaml").read_text())
POLICIES = {policy["name"]: policy for policy in GATEWAY["processors"]["tail_sampling"]["policies"]}
SLOW_MS = POLICIES["slow"]["latency"]["threshold_ms"]


@dataclass(frozen=True)
class Gateway:
    """A running gateway, and the file with the spans of the traces that it keeps."""

    otlp: str
    file: Path

    def kept(self, at_least: int) -> dict[str, int]:
        """Spans by trace, once there are so many and whatever was decided at the same time has arrived too."""
        deadline = time.monotonic() + 10
        while sum(self._spans().values()) < at_least:
            assert time.monotonic() < deadline, f"{self._spans()}, expected {at_least} spans"
            time.sleep(0.1)
        time.sleep(1.5)
        return self._spans()

    def _spans(self) -> dict[str, int]:
        return dict(collections.Counter(span["traceId"] for span in spans(self.file)))


@pytest.fixture
def begin(
    tmp_path: Path,
    free_address: Callable[[], str],
    start: Callable[[Sequence[str | Path], Mapping[str, str], str], None],
) -> Callable[[Mapping[str, str]], Gateway]:
    def run(variables: Mapping[str, str]) -> Gateway:
        otlp, health = free_address(), free_address()
        places = {name: free_address() for name in ("OTLP_ENDPOINT", "PROMETHEUS_ENDPOINT")}
        environ = {**gateway_environment(tmp_path), **places, "HEALTH_ENDPOINT": health, "DECISION_WAIT": "1s"}
        overlay = write_overlay(tmp_path / "overlay.yaml", otlp, tmp_path / "traces.jsonl")
        argv = [find("billing-otelcol"), *collector_arguments("gateway.yaml"), "--config", overlay]
        start(argv, {**environ, **variables}, f"http://{health}")
        return Gateway(f"http://{otlp}", tmp_path / "traces.jsonl")

    return run


def span(trace: int, milliseconds: int = 20, *, failed: bool = False, **attributes: str) -> dict[str, Any]:
    return {
        "traceId": f"{trace:032x}",
        "spanId": f"{trace * 1000 + milliseconds:016x}",
        "name": "POST /usage/report",
        "kind": 2,
        "startTimeUnixNano": str(START),
        "endTimeUnixNano": str(START + milliseconds * 1_000_000),
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()],
        "status": {"code": 2} if failed else {},
    }


def request(*spans: Mapping[str, Any]) -> str:
    return json.dumps({"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": spans}]}]})


def test_failed_and_slow_traces_and_gamedays_are_kept_whole(begin: Callable[[Mapping[str, str]], Gateway]) -> None:
    gateway = begin({"SAMPLING_PERCENTAGE": "0"})
    usual, failed, slow, almost_slow, gameday, late = range(1, 7)
    of_gameday: Mapping[str, str] = {"billing.gameday.run": "20261128-redis-hang"}
    first = [
        span(usual), span(failed), span(slow, SLOW_MS + 1), span(almost_slow, SLOW_MS - 1), span(gameday), span(late),
    ]  # fmt: skip
    send(gateway.otlp, "traces", request(*first))
    # A trace arrives in pieces: what decides may come last, and in another request.
    second = [span(failed, 5, failed=True), span(slow, 5), span(gameday, 5, **of_gameday), span(late, 5, failed=True)]
    send(gateway.otlp, "traces", request(*second))
    decided = gateway.kept(8)
    assert decided == {f"{trace:032x}": 2 for trace in (failed, slow, gameday, late)}
    send(gateway.otlp, "traces", request(span(late, 7), span(usual, 7)))
    assert gateway.kept(9) == decided | {f"{late:032x}": 3}


def test_a_share_of_the_rest_is_kept(begin: Callable[[Mapping[str, str]], Gateway]) -> None:
    gateway = begin({})
    traces = 400
    send(gateway.otlp, "traces", request(*(span(trace * 7919) for trace in range(1, traces + 1))))
    assert 0.18 < len(gateway.kept(50)) / traces < 0.32


def test_slow_is_what_the_objective_calls_slow() -> None:
    """For the gateway, for the service, and wherever people read of it."""
    specs = load_specs((PROJECT / "slo" / "specs").glob("*.yaml"))
    (indicator,) = [slo.indicator for slo in specs if slo.name == "api-latency"]
    assert isinstance(indicator, Counted)
    assert isinstance(indicator.part, Counter)
    assert indicator.good
    (bound,) = [matcher.value for matcher in indicator.part.selector.matchers if matcher.label == "le"]
    slow_seconds = float(bound)
    assert slow_seconds * 1000 == SLOW_MS
    assert load_registry().slow_seconds == slow_seconds
    for page in ("slo/specs/api-latency.yaml", "docs/runbooks/api-latency.md", "docs/deployment.md"):
        assert set(re.findall(r"(\d+) ms", (PROJECT / page).read_text())) == {str(SLOW_MS)}, page
    agent = yaml.safe_load((PROJECT / "collector" / "agent.yaml").read_text())
    buckets = agent["connectors"]["span_metrics"]["histogram"]["explicit"]["buckets"]
    assert f"{SLOW_MS}ms" in buckets
