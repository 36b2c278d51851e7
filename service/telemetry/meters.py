"""Collects the instruments for the SDK's metric readers, in the SDK's own data model."""

from collections.abc import Callable, Iterator, Sequence
from time import time_ns

from opentelemetry.sdk.metrics import Exemplar
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    HistogramDataPoint,
    MetricReader,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.metrics.export import (
    Gauge as GaugeData,
)
from opentelemetry.sdk.metrics.export import (
    Histogram as HistogramData,
)
from opentelemetry.sdk.metrics.export import (
    Metric as MetricData,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from service.telemetry.aggregates import (
    EXEMPLAR_SECONDS,
    Counter,
    Distribution,
    Gauge,
    Histogram,
    Instrument,
    UpDownCounter,
)
from service.telemetry.registry import SCHEMA_URL

_CUMULATIVE = AggregationTemporality.CUMULATIVE
AnyInstrument = Counter | UpDownCounter | Gauge | Histogram


class Meters:
    """Stands where the SDK's MeterProvider would: its readers ask here.

    What Views do there, the registry does in each instrument: buckets, attributes, limits.
    """

    def __init__(self, resource: Resource, scope: str, readers: Sequence[MetricReader]) -> None:
        self._resource = resource
        self._scope = InstrumentationScope(scope, schema_url=SCHEMA_URL)
        self._readers = readers
        self._started_ns = time_ns()
        self._instruments: list[Instrument[object]] = []
        self._before: list[Callable[[], None]] = []

    def observe(self, instruments: Sequence[Instrument[object]]) -> None:
        """Collect these from now on."""
        self._instruments.extend(instruments)
        for reader in self._readers:
            reader._set_collect_callback(self._collect)  # the SDK's only way to give a reader its metrics

    def before_collecting(self, refresh: Callable[[], None]) -> None:
        """Call this ahead of each collection, in the reader's thread."""
        self._before.append(refresh)

    def shutdown(self) -> None:
        for reader in self._readers:
            reader.shutdown()

    def _collect(self, *_: object, **__: object) -> MetricsData:
        for refresh in self._before:
            refresh()
        now_ns = time_ns()
        metrics = [metric for metric in (self._metric(each, now_ns) for each in self._instruments) if metric]
        scope = ScopeMetrics(self._scope, metrics, SCHEMA_URL)
        return MetricsData([ResourceMetrics(self._resource, [scope], SCHEMA_URL)])

    def _metric(self, instrument: Instrument[object], now_ns: int) -> MetricData | None:
        """None where there is no series yet."""
        metric = instrument.metric
        if isinstance(instrument, Histogram):
            distributions = list(self._distributions(instrument, now_ns))
            data: Sum | GaugeData | HistogramData = HistogramData(distributions, _CUMULATIVE)
            return MetricData(metric.name, metric.brief, metric.unit, data) if distributions else None
        if not isinstance(instrument, UpDownCounter | Gauge):
            raise TypeError(f"{metric.name}: expected a counter, a gauge or a histogram")
        points = [
            NumberDataPoint(attributes, self._started_ns, now_ns, number.value)
            for attributes, number in instrument.series()
        ]
        is_monotonic = isinstance(instrument, Counter)
        data = GaugeData(points) if isinstance(instrument, Gauge) else Sum(points, _CUMULATIVE, is_monotonic)
        return MetricData(metric.name, metric.brief, metric.unit, data) if points else None

    def _distributions(self, histogram: Histogram, now_ns: int) -> Iterator[HistogramDataPoint]:
        for attributes, found in histogram.series():
            counts = found.counts[:]
            count = sum(counts)
            yield HistogramDataPoint(
                attributes=attributes,
                start_time_unix_nano=self._started_ns,
                time_unix_nano=now_ns,
                count=count,
                sum=found.total,
                bucket_counts=counts,
                explicit_bounds=histogram.metric.buckets,
                min=found.lowest if count else 0.0,
                max=found.highest if count else 0.0,
                exemplars=list(_exemplars(found, now_ns)),
            )


def _exemplars(found: Distribution, now_ns: int) -> Iterator[Exemplar]:
    oldest = now_ns - EXEMPLAR_SECONDS * 1_000_000_000
    for each in found.exemplars:
        if each is not None and each.ns >= oldest:
            yield Exemplar({}, each.value, each.ns, each.span_id, each.trace_id)
