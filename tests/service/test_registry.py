import pytest

from service.domain.usage import EventType, Outcome
from service.ledger.connection import Operation
from service.routes import routes
from service.telemetry.registry import RegistryError, load_registry, parse_registry, prometheus_labels, prometheus_names
from service.top_costs import TOP


def values(attribute_name):
    attributes = {a.name: a.values for metric in load_registry().metrics for a in metric.attributes}
    return set(attributes[attribute_name])


@pytest.mark.parametrize(
    ("metric", "names"),
    [
        (
            "http.server.request.duration",
            (
                "http_server_request_duration_seconds_bucket",
                "http_server_request_duration_seconds_sum",
                "http_server_request_duration_seconds_count",
            ),
        ),
        ("http.server.active_requests", ("http_server_active_requests",)),
        ("billing.usage.events", ("billing_usage_events_total",)),
    ],
)
def test_prometheus_names_carry_unit_and_kind(metric, names):
    assert prometheus_names(load_registry().metric(metric)) == names


def test_prometheus_labels_have_underscores():
    metric = load_registry().metric("billing.usage.events")
    assert prometheus_labels(metric) == ("billing_usage_event_type", "billing_usage_outcome")


def test_no_metric_carries_a_tenant_but_the_one_of_the_top_few():
    carrying = {m.name for m in load_registry().metrics for a in m.attributes if "tenant" in a.name}
    assert carrying == {"billing.cost.top"}
    assert load_registry().metric("billing.cost.top").cardinality_limit <= TOP + 2


def test_the_registry_lists_what_the_code_knows():
    assert values("db.operation.name") == set(Operation)
    assert values("billing.usage.outcome") == set(Outcome)
    assert values("billing.usage.event_type") == {*EventType, "_OTHER"}
    assert values("http.route") == {route.path for route in routes()} | {"unmatched"}


METRIC = """
groups:
  - {id: m, type: metric, metric_name: a.b, instrument: %s, unit: s, brief: b, attributes: [{ref: %s}]%s}
  - {id: r, type: attribute_group, brief: b, attributes: [{id: known, type: string, brief: b}]}
"""


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (("gauge2", "known", ""), "'m': instrument: expected one of"),
        (("counter", "unknown", ""), "'m': attributes: 'unknown'"),
        (("counter", "known", ", bucket: [1]"), "'m': unknown field 'bucket'"),
    ],
)
def test_a_malformed_registry_names_the_place(parts, message):
    with pytest.raises(RegistryError, match=message):
        parse_registry(METRIC % parts)
