"""What instruments add up, what they refuse, and what a reader gets of them."""

from dataclasses import replace

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from service.telemetry.aggregates import OVERFLOW, Counter, Gauge, Histogram
from service.telemetry.meters import Meters
from service.telemetry.pipeline import create_resource, create_telemetry
from service.telemetry.registry import load_registry
from tests.service.conftest import points_of

OUTCOMES = load_registry().metric("billing.usage.events")
DURATION = load_registry().metric("db.client.operation.duration")
ACCEPTED = {"billing.usage.event_type": "sign_events", "billing.usage.outcome": "accepted"}
INGEST = {"db.system.name": "redis", "db.operation.name": "ingest"}


@pytest.fixture
def overflows():
    return []


@pytest.fixture
def read():
    """The points that a reader of the SDK gets of an instrument."""

    def collect(instrument):
        reader = InMemoryMetricReader()
        Meters(create_resource("1", "one"), "test", [reader]).observe([instrument])
        return points_of(reader, instrument.metric.name)

    return collect


def test_every_known_series_starts_at_0(read):
    counter = Counter(OUTCOMES)
    counter.start_all()
    counter.add(2, ACCEPTED)
    points = read(counter)
    assert len(points) == 16
    assert {key: point.value for key, point in points.items() if point.value} == {frozenset(ACCEPTED.items()): 2}


def test_attributes_that_the_registry_does_not_list_are_left_out(read):
    counter = Counter(OUTCOMES)
    counter.add(1, {**ACCEPTED, "tenant.id": "t1"})
    assert set(read(counter)) == {frozenset(ACCEPTED.items())}


def test_a_value_that_the_registry_does_not_list_is_an_overflow(read, overflows):
    counter = Counter(OUTCOMES, overflows.append)
    counter.add(3, {**ACCEPTED, "billing.usage.outcome": "lost"})
    assert {key: point.value for key, point in read(counter).items()} == {frozenset(OVERFLOW.items()): 3}
    assert overflows == ["billing.usage.events"]


def test_a_metric_has_no_more_series_than_its_limit(read, overflows):
    histogram = Histogram(replace(DURATION, cardinality_limit=5), overflows.append)
    for number in range(9):
        histogram.record(0.1, {**INGEST, "error.type": f"Error{number}"})
    points = read(histogram)
    assert len(points) == 6
    assert points[frozenset(OVERFLOW.items())].count == 4
    assert overflows == ["db.client.operation.duration"] * 4


def test_overflows_are_counted_by_metric():
    reader = InMemoryMetricReader()
    instruments = create_telemetry(create_resource("1", "one"), [reader], []).instruments
    instruments.usage_events.add(1, {**ACCEPTED, "billing.usage.outcome": "lost"})
    counted = points_of(reader, "billing.telemetry.overflows")
    assert len(counted) == len(load_registry().metrics)
    assert [dict(key)["billing.telemetry.metric"] for key, point in counted.items() if point.value] == [
        "billing.usage.events"
    ]


def test_a_sample_at_a_bound_belongs_to_the_bucket_that_ends_there(read):
    histogram = Histogram(DURATION)
    for seconds in (0.0005, 0.25, 0.3, 7.0):
        histogram.record(seconds, INGEST)
    [point] = read(histogram).values()
    found = dict(zip([*DURATION.buckets, None], point.bucket_counts, strict=True))
    assert {bound: count for bound, count in found.items() if count} == {0.0005: 1, 0.25: 1, 0.5: 1, None: 1}
    assert (point.count, point.sum, point.min, point.max) == (4, pytest.approx(7.5505), 0.0005, 7.0)


def test_an_exemplar_stands_in_the_bucket_of_its_sample_and_fades(read, monkeypatch):
    histogram = Histogram(DURATION)
    histogram.record(0.3, INGEST)
    histogram.exemplify(0.3, INGEST, 5, 6)
    [exemplar] = next(iter(read(histogram).values())).exemplars
    assert (exemplar.value, exemplar.trace_id, exemplar.span_id) == (0.3, 5, 6)
    monkeypatch.setattr("service.telemetry.meters.EXEMPLAR_SECONDS", -1)
    assert next(iter(read(histogram).values())).exemplars == []


def test_a_gauge_has_what_was_set_last(read):
    gauge = Gauge(load_registry().metric("billing.cost.top"))
    gauge.set(1, {"billing.cost.tenant": "a"})
    gauge.replace({"b": 2.5, "other": 0.5}, "billing.cost.tenant")
    assert {dict(key)["billing.cost.tenant"]: point.value for key, point in read(gauge).items()} == {
        "b": 2.5,
        "other": 0.5,
    }
