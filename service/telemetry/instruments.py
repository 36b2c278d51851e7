"""The instruments of the service, made from the registry."""

from dataclasses import dataclass
from itertools import product
from typing import Protocol

from opentelemetry.metrics import Counter, Histogram, Meter, UpDownCounter
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.util.types import Attributes

from service.telemetry.registry import Metric, Registry


class Gauge(Protocol):
    """The last value that was set; the library gives its own class of this kind no public name."""

    def set(self, amount: float, attributes: Attributes = None) -> None: ...


@dataclass(frozen=True, slots=True)
class Instruments:
    requests: Counter
    server_duration: Histogram
    active_requests: UpDownCounter
    ledger_duration: Histogram
    payments_duration: Histogram
    usage_events: Counter
    cost_cap_steps: Counter
    accrued_revenue: Counter
    accrued_cost: Counter
    verify_results: Counter
    operation_duration: Histogram
    stripe_retries: Counter
    stripe_replays: Counter
    stripe_breakers: UpDownCounter
    stripe_breaker_openings: Counter
    webhook_events: Counter
    webhook_effects: Counter
    webhook_queue: Gauge
    webhook_queue_age: Gauge
    commit_size: Histogram
    commit_queue: UpDownCounter
    metering_intents: Counter
    metering_backlog: Gauge
    metering_backlog_age: Gauge
    metering_comparisons: Counter
    metering_shards: Gauge
    archive_entries: Counter
    archive_lag: Gauge


def create_instruments(meter: Meter, registry: Registry) -> Instruments:
    """Create every instrument; series whose labels are all known in advance exist from now on, at 0.

    Without that first 0 the first increment of a series would be invisible to `rate()`. A histogram takes no such
    sample, so the first request with a new set of labels stays invisible there; the objective counts by a counter.
    """
    return Instruments(
        requests=_counter(meter, registry.metric("billing.http.requests")),
        server_duration=_histogram(meter, registry.metric("http.server.request.duration")),
        active_requests=_up_down_counter(meter, registry.metric("http.server.active_requests")),
        ledger_duration=_histogram(meter, registry.metric("db.client.operation.duration")),
        payments_duration=_histogram(meter, registry.metric("http.client.request.duration")),
        usage_events=_counter(meter, registry.metric("billing.usage.events")),
        cost_cap_steps=_counter(meter, registry.metric("billing.cost_cap.steps")),
        accrued_revenue=_counter(meter, registry.metric("billing.revenue.accrued")),
        accrued_cost=_counter(meter, registry.metric("billing.cost.accrued")),
        verify_results=_counter(meter, registry.metric("c2pa.verify.results")),
        operation_duration=_histogram(meter, registry.metric("c2pa.operation.duration")),
        stripe_retries=_counter(meter, registry.metric("billing.stripe.retries")),
        stripe_replays=_counter(meter, registry.metric("billing.stripe.idempotent_replays")),
        stripe_breakers=_up_down_counter(meter, registry.metric("billing.stripe.breakers")),
        stripe_breaker_openings=_counter(meter, registry.metric("billing.stripe.breaker.openings")),
        webhook_events=_counter(meter, registry.metric("billing.webhook.events")),
        webhook_effects=_counter(meter, registry.metric("billing.webhook.effects")),
        webhook_queue=_gauge(meter, registry.metric("billing.webhook.queue.events")),
        webhook_queue_age=_gauge(meter, registry.metric("billing.webhook.queue.age")),
        commit_size=_histogram(meter, registry.metric("billing.ledger.commit.size")),
        commit_queue=_up_down_counter(meter, registry.metric("billing.ledger.queue.requests")),
        metering_intents=_counter(meter, registry.metric("billing.metering.intents")),
        metering_backlog=_gauge(meter, registry.metric("billing.metering.backlog.intents")),
        metering_backlog_age=_gauge(meter, registry.metric("billing.metering.backlog.age")),
        metering_comparisons=_counter(meter, registry.metric("billing.metering.comparisons")),
        metering_shards=_gauge(meter, registry.metric("billing.metering.shards")),
        archive_entries=_counter(meter, registry.metric("billing.archive.entries")),
        archive_lag=_gauge(meter, registry.metric("billing.archive.lag")),
    )


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


def _counter(meter: Meter, metric: Metric) -> Counter:
    counter = meter.create_counter(metric.name, metric.unit, metric.brief)
    _start_at_zero(counter, metric)
    return counter


def _up_down_counter(meter: Meter, metric: Metric) -> UpDownCounter:
    counter = meter.create_up_down_counter(metric.name, metric.unit, metric.brief)
    _start_at_zero(counter, metric)
    return counter


def _gauge(meter: Meter, metric: Metric) -> Gauge:
    return meter.create_gauge(metric.name, metric.unit, metric.brief)


def _histogram(meter: Meter, metric: Metric) -> Histogram:
    return meter.create_histogram(
        metric.name, metric.unit, metric.brief, explicit_bucket_boundaries_advisory=metric.buckets
    )


def _start_at_zero(instrument: Counter | UpDownCounter, metric: Metric) -> None:
    names = [attribute.name for attribute in metric.attributes]
    for values in product(*(attribute.values for attribute in metric.attributes)):
        instrument.add(0, dict(zip(names, values, strict=True)))
