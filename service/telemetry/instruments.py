"""The instruments of the service, made from the registry."""

from dataclasses import dataclass
from itertools import product

from opentelemetry.metrics import Counter, Histogram, Meter, UpDownCounter
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View

from service.telemetry.registry import Metric, Registry


@dataclass(frozen=True, slots=True)
class Instruments:
    requests: Counter
    server_duration: Histogram
    active_requests: UpDownCounter
    ledger_duration: Histogram
    payments_duration: Histogram
    usage_events: Counter


def create_instruments(meter: Meter, registry: Registry) -> Instruments:
    """Create every instrument; series whose labels are all known in advance exist from now on, at 0.

    Without that first 0 the first increment of a series would be invisible to `rate()`. A histogram takes no such
    sample, so the first request with a new set of labels stays invisible there; the objective counts by a counter.
    """
    requests = registry.metric("billing.http.requests")
    active_requests = registry.metric("http.server.active_requests")
    usage_events = registry.metric("billing.usage.events")
    instruments = Instruments(
        requests=meter.create_counter(requests.name, requests.unit, requests.brief),
        server_duration=_histogram(meter, registry.metric("http.server.request.duration")),
        active_requests=meter.create_up_down_counter(active_requests.name, active_requests.unit, active_requests.brief),
        ledger_duration=_histogram(meter, registry.metric("db.client.operation.duration")),
        payments_duration=_histogram(meter, registry.metric("http.client.request.duration")),
        usage_events=meter.create_counter(usage_events.name, usage_events.unit, usage_events.brief),
    )
    _start_at_zero(instruments.requests, requests)
    _start_at_zero(instruments.active_requests, active_requests)
    _start_at_zero(instruments.usage_events, usage_events)
    return instruments


def create_views(registry: Registry) -> list[View]:
    """One View per metric: its buckets, and its attributes as an allow-list."""
    return [
        View(
            instrument_name=metric.name,
            attribute_keys={attribute.name for attribute in metric.attributes},
            aggregation=ExplicitBucketHistogramAggregation(metric.buckets) if metric.buckets else None,
        )
        for metric in registry.metrics
    ]


def _histogram(meter: Meter, metric: Metric) -> Histogram:
    return meter.create_histogram(
        metric.name, metric.unit, metric.brief, explicit_bucket_boundaries_advisory=metric.buckets
    )


def _start_at_zero(instrument: Counter | UpDownCounter, metric: Metric) -> None:
    names = [attribute.name for attribute in metric.attributes]
    for values in product(*(attribute.values for attribute in metric.attributes)):
        instrument.add(0, dict(zip(names, values, strict=True)))
