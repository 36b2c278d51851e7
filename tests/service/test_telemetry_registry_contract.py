"""The registry says what the code emits: events, spans, thresholds, documents."""

import ast
from pathlib import Path

import pytest

from service.middleware.telemetry import METHODS
from service.telemetry.__main__ import main
from service.telemetry.registry import load_registry
from service.telemetry.sampling import Reason

REGISTRY = load_registry()
PROJECT = Path(__file__).parents[2]


NAMED_AT = {"log_event": 2, "event_fields": 0, "Entry": 2}
"""Which argument of what makes an event is its name."""


def logged_events():
    """The name of every event that the source logs; an argument that is no name stands as it is written."""
    for path in (PROJECT / "service").rglob("*.py"):
        tree = ast.parse(path.read_text())
        yield from events_in(tree)


def events_in(tree):
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    named_at, handed_on = dict(NAMED_AT), set()
    for function in functions:
        parameters = [parameter.arg for parameter in function.args.args]
        for argument in named_by(function, NAMED_AT):
            if isinstance(argument, ast.Name) and argument.id in parameters:
                named_at[function.name] = parameters.index(argument.id)
                handed_on.add(argument)
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for argument in named_by(tree, named_at):
        if argument not in handed_on:
            yield written(argument, constants)


def named_by(tree, named_at):
    """The arguments that name events, of the calls in there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in named_at:
            yield node.args[named_at[node.func.id]]


def written(argument, constants):
    """The text of a literal, of a constant of the module, or of the default of `getattr`."""
    if isinstance(argument, ast.Call) and getattr(argument.func, "id", "") == "getattr":
        return written(argument.args[2], constants)
    value = constants.get(argument.id) if isinstance(argument, ast.Name) else argument
    return value.value if isinstance(value, ast.Constant) else ast.unparse(argument)


def test_every_event_that_is_logged_is_in_the_registry_and_the_other_way_round():
    assert set(logged_events()) == {event.name for event in REGISTRY.events}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("log_event(log, 30, 'a.b', 'text', {})", {"a.b"}),
        ("log.exception('x', extra=event_fields('a.b', {}))", {"a.b"}),
        ("NAME = 'a.b'\nEntry(1, 2, getattr(record, 'c.d', NAME))", {"a.b"}),
        ("def tell(level, name): log_event(log, level, name, '', {})\ntell(1, 'a.b')\ntell(1, 'c.d')", {"a.b", "c.d"}),
        ("def tell(): log_event(log, 30, f'a.{x}', '', {})", {"f'a.{x}'"}),
        ("kept = {'a.b': 1}\nprint('c.d')", set()),
    ],
)
def test_a_name_counts_only_where_it_is_logged(source, names):
    assert set(events_in(ast.parse(source))) == names


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
    texts = {path.name: path.read_text() for path in (PROJECT / "slo" / "specs").glob("*.yaml")}
    assert {spec for spec, _, _ in found} == {spec for spec, text in texts.items() if 'le="' in text}
    assert found
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


@pytest.mark.parametrize("name", ["billing.usage.events", "billing.http.requests"])
def test_no_metric_can_outgrow_its_limit_by_what_it_lists(name):
    metric, series = REGISTRY.metric(name), 1
    for attribute in metric.attributes:
        series *= max(1, len(attribute.values))
    assert series <= metric.cardinality_limit
