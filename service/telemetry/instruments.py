"""The instruments of the service, made from the registry."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from service.telemetry.aggregates import Counter, Gauge, Histogram, Instrument, Overflow, UpDownCounter
from service.telemetry.registry import Metric, Registry
from service.telemetry.silence import SilentCounter, SilentGauge, SilentHistogram, SilentUpDownCounter

__all__ = ["Counter", "Gauge", "Histogram", "Instruments", "Meter", "UpDownCounter", "create_instruments"]

Started = TypeVar("Started", Counter, UpDownCounter)
_Kinds = Mapping[str, Callable[[Metric, Overflow], Any]]
_NOTING: _Kinds = {"counter": Counter, "updowncounter": UpDownCounter, "gauge": Gauge, "histogram": Histogram}
_SILENT: _Kinds = {
    "counter": SilentCounter,
    "updowncounter": SilentUpDownCounter,
    "gauge": SilentGauge,
    "histogram": SilentHistogram,
}


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
    metering_drift: Counter
    metering_shards: Gauge
    archive_entries: Counter
    archive_lag: Gauge
    rate_limit_decisions: Counter
    overload_shed: Counter
    overload_limit: Gauge
    overload_delay: Gauge
    top_costs: Gauge
    loop_lag: Histogram
    trace_decisions: Counter
    telemetry_dropped: Counter
    telemetry_exported: Counter
    telemetry_overflows: Counter
    log_records: Counter


class Meter:
    """Makes instruments and keeps them together; a silent one makes instruments that note nothing."""

    def __init__(self, registry: Registry, *, silent: bool = False) -> None:
        self._kinds = _SILENT if silent else _NOTING
        self.made: list[Instrument[Any]] = []
        self.overflows: Counter = self.make("counter", registry.metric("billing.telemetry.overflows"))

    def make(self, kind: str, metric: Metric) -> Any:
        instrument: Instrument[Any] = self._kinds[kind](metric, self._overflowed)
        self.made.append(instrument)
        return instrument

    def _overflowed(self, metric_name: str) -> None:
        """A sample of the metric had no series to go to."""
        self.overflows.add(1, {"billing.telemetry.metric": metric_name})


def create_instruments(meter: Meter, registry: Registry) -> Instruments:
    """Create every instrument; series whose labels are all known in advance exist from now on, at 0.

    Without that first 0 the first increment of a series would be invisible to `rate()`. That goes for histograms as
    well; attributes whose values are not known in advance are left out of the series that start so.
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
        metering_drift=_counter(meter, registry.metric("billing.metering.drift")),
        metering_shards=_gauge(meter, registry.metric("billing.metering.shards")),
        archive_entries=_counter(meter, registry.metric("billing.archive.entries")),
        archive_lag=_gauge(meter, registry.metric("billing.archive.lag")),
        rate_limit_decisions=_counter(meter, registry.metric("billing.rate_limit.decisions")),
        overload_shed=_counter(meter, registry.metric("billing.overload.shed")),
        overload_limit=_gauge(meter, registry.metric("billing.overload.limit")),
        overload_delay=_gauge(meter, registry.metric("billing.overload.delay")),
        top_costs=_gauge(meter, registry.metric("billing.cost.top")),
        loop_lag=_histogram(meter, registry.metric("billing.event_loop.lag")),
        trace_decisions=_counter(meter, registry.metric("billing.telemetry.traces")),
        telemetry_dropped=_counter(meter, registry.metric("billing.telemetry.dropped")),
        telemetry_exported=_counter(meter, registry.metric("billing.telemetry.exported")),
        telemetry_overflows=_started(meter.overflows),
        log_records=_counter(meter, registry.metric("billing.log.records")),
    )


def _counter(meter: Meter, metric: Metric) -> Counter:
    counter: Counter = meter.make("counter", metric)
    return _started(counter)


def _up_down_counter(meter: Meter, metric: Metric) -> UpDownCounter:
    counter: UpDownCounter = meter.make("updowncounter", metric)
    return _started(counter)


def _gauge(meter: Meter, metric: Metric) -> Gauge:
    gauge: Gauge = meter.make("gauge", metric)
    return gauge


def _histogram(meter: Meter, metric: Metric) -> Histogram:
    """One with an attribute that has no list starts where its series are known, which the registry cannot say."""
    histogram: Histogram = meter.make("histogram", metric)
    if not metric.starts_empty:
        histogram.start_all()
    return histogram


def _started(counter: Started) -> Started:
    counter.start_all()
    return counter
