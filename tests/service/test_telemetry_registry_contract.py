"""The registry says what the code emits: events, spans, thresholds, documents."""

import ast
from pathlib import Path

import pytest

from service.middleware.telemetry import METHODS
from service.telemetry.__main__ import main
from service.telemetry.documents import attribute_names
from service.telemetry.registry import load_registry
from service.telemetry.sampling import Reason

REGISTRY = load_registry()
PROJECT = Path(__file__).parents[2]


def event_names():
    """Every name that the source gives an event."""
    for path in (PROJECT / "service").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def calls(name):
    """The literal arguments of each call of a function in the source."""
    for path in (PROJECT / "service").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name:
                yield [argument.value for argument in node.args if isinstance(argument, ast.Constant)]


def test_every_event_that_is_logged_is_in_the_registry_and_the_other_way_round():
    literals, known = set(event_names()), {event.name for event in REGISTRY.events}
    logged = {arguments[0] for name in ("log_event", "event_fields") for arguments in calls(name) if arguments}
    assert logged <= known
    assert known <= literals


def test_the_registry_knows_decisions_and_methods():
    decisions = {a.name: a.values for m in REGISTRY.metrics for a in m.attributes}
    assert set(decisions["billing.trace.decision"]) == set(Reason)
    assert set(decisions["http.request.method"]) == METHODS | {"_OTHER"}
    assert set(decisions["billing.telemetry.metric"]) == {metric.name for metric in REGISTRY.metrics}


def test_the_threshold_of_slow_is_a_bucket_of_the_latency():
    assert REGISTRY.slow_seconds in REGISTRY.metric("http.server.request.duration").buckets


def thresholds():
    """The bounds of buckets that specs name."""
    for path in sorted((PROJECT / "slo" / "specs").glob("*.yaml")):
        text = path.read_text()
        for metric in REGISTRY.metrics:
            base = metric.name.replace(".", "_")
            if metric.buckets and f"{base}_" in text:
                for piece in text.split('le="')[1:]:
                    bound = piece.split('"')[0]
                    if bound != "+Inf":
                        yield path.name, metric, float(bound)


def test_every_threshold_of_an_objective_is_a_bucket():
    found = list(thresholds())
    by_spec = {}
    for spec, metric, bound in found:
        by_spec.setdefault((spec, bound), []).append(bound in metric.buckets)
    assert all(any(fits) for fits in by_spec.values())


def test_every_span_and_event_of_the_registry_says_what_it_is():
    assert all(span.brief and span.kind in {"server", "client", "consumer", "internal"} for span in REGISTRY.spans)
    assert all(event.brief.endswith(".") for event in REGISTRY.events)


def test_what_is_made_of_the_registry_is_up_to_date(capsys):
    assert main(["--check"]) == 0
    assert capsys.readouterr().out == "files=1 stale=0\n"


def test_a_stale_file_is_named_and_written(tmp_path, capsys):
    assert main([], tmp_path) == 0
    page = tmp_path / "docs" / "telemetry.md"
    page.write_text("old")
    assert main(["--check"], tmp_path) == 1
    assert "docs/telemetry.md is out of date" in capsys.readouterr().err


def test_the_collector_lets_through_what_the_registry_names():
    allowed = attribute_names(REGISTRY)
    assert {"tenant.id", "http.route", "service.name", "exception.stacktrace", "billing.request.id"} <= allowed


@pytest.mark.parametrize("name", ["billing.usage.events", "billing.http.requests"])
def test_no_metric_can_outgrow_its_limit_by_what_it_lists(name):
    metric, series = REGISTRY.metric(name), 1
    for attribute in metric.attributes:
        series *= max(1, len(attribute.values))
    assert series <= metric.cardinality_limit
