"""Instruments that add up where they are: a sample costs a look-up and an addition, and no more.

Each series is written by one thread; readers of another thread may miss the sample that is being written, and find it
the next time. An instrument takes only the attributes and values that the registry gives its metric, and no more series
than its limit: what is beyond them is added to one series of its own and counted by `on_overflow`.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from time import time_ns
from typing import Generic, TypeVar

from service.telemetry.registry import Metric

Attributes = Mapping[str, str | int | bool | float]
Key = tuple[str | int | bool | float | None, ...]
Overflow = Callable[[str], None]

OVERFLOW = {"otel.metric.overflow": True}
"""The attribute by which the specification marks the series of what was too much."""
EXEMPLAR_SECONDS = 60
"""An exemplar is told for so long, so that no scrape misses it, and then no more."""

Point = TypeVar("Point")


def ignore_overflow(_: str) -> None:
    """For instruments whose overflow nobody counts."""


class Number:
    """The value of one series."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float = 0


class Exemplar:
    """A sample whose trace was kept; `ns` is unix time."""

    __slots__ = ("ns", "span_id", "trace_id", "value")

    def __init__(self, value: float, trace_id: int, span_id: int) -> None:
        self.value, self.trace_id, self.span_id, self.ns = value, trace_id, span_id, time_ns()


class Distribution:
    """The samples of one series by bucket, with the last exemplar of each."""

    __slots__ = ("counts", "exemplars", "highest", "lowest", "total")

    def __init__(self, buckets: int) -> None:
        self.counts = [0] * buckets
        self.exemplars: list[Exemplar | None] = [None] * buckets
        self.total = 0.0
        self.lowest, self.highest = float("inf"), float("-inf")


class Instrument(Generic[Point]):
    """The series of one metric, by the values of its attributes in the registry's order."""

    def __init__(self, metric: Metric, make: Callable[[], Point], on_overflow: Overflow = ignore_overflow) -> None:
        self.metric = metric
        self._names = tuple(attribute.name for attribute in metric.attributes)
        self._allowed = tuple(frozenset(attribute.values) for attribute in metric.attributes)
        self._points: dict[Key, Point] = {}
        self._make = make
        self._on_overflow = on_overflow
        self._beyond: Point | None = None

    def start(self, attributes: Attributes) -> None:
        """Have the series from now on; without it the first sample would be invisible to `rate()`."""
        self._point(attributes)

    def bound(self, attributes: Attributes) -> Point:
        """The series itself, for one that is written so often that even finding it counts; it is there from now on."""
        return self._point(attributes)

    def start_all(self) -> None:
        """The same for every set of values that is known in advance; an attribute without a list is left out."""
        listed = [attribute.values or (None,) for attribute in self.metric.attributes]
        for values in product(*listed):
            self._points.setdefault(values, self._make())

    def series(self) -> Iterator[tuple[dict[str, str | int | bool | float], Point]]:
        """Every series with its attributes."""
        for key, point in list(self._points.items()):
            yield {name: value for name, value in zip(self._names, key, strict=True) if value is not None}, point
        if self._beyond is not None:
            yield dict(OVERFLOW), self._beyond

    def _point(self, attributes: Attributes) -> Point:
        key = tuple(map(attributes.get, self._names))
        point = self._points.get(key)
        return self._admit(key) if point is None else point

    def _admit(self, key: Key) -> Point:
        """A new series, if it is one that may be."""
        if len(self._points) < self.metric.cardinality_limit and self._is_listed(key):
            return self._points.setdefault(key, self._make())
        self._on_overflow(self.metric.name)
        if self._beyond is None:
            self._beyond = self._make()
        return self._beyond

    def _is_listed(self, key: Key) -> bool:
        return all(
            value is None or not allowed or value in allowed for value, allowed in zip(key, self._allowed, strict=True)
        )


class UpDownCounter(Instrument[Number]):
    """A sum that may fall."""

    def __init__(self, metric: Metric, on_overflow: Overflow = ignore_overflow) -> None:
        super().__init__(metric, Number, on_overflow)

    def add(self, amount: float, attributes: Attributes | None = None) -> None:
        self._point(attributes or {}).value += amount


class Counter(UpDownCounter):
    """A sum that only grows."""


class Gauge(Instrument[Number]):
    """The last value that was set."""

    def __init__(self, metric: Metric, on_overflow: Overflow = ignore_overflow) -> None:
        super().__init__(metric, Number, on_overflow)

    def set(self, amount: float, attributes: Attributes | None = None) -> None:
        self._point(attributes or {}).value = amount

    def replace(self, amounts: Mapping[str, float], name: str) -> None:
        """Have exactly these values, by the value of the attribute `name`."""
        self._points.clear()
        for value, amount in amounts.items():
            self.set(amount, {name: value})


class Histogram(Instrument[Distribution]):
    """A distribution over the registry's buckets."""

    def __init__(self, metric: Metric, on_overflow: Overflow = ignore_overflow) -> None:
        super().__init__(metric, lambda: Distribution(len(metric.buckets) + 1), on_overflow)

    def record(self, amount: float, attributes: Attributes | None = None) -> None:
        found = self._point(attributes or {})
        found.counts[bisect_left(self.metric.buckets, amount)] += 1
        found.total += amount
        found.lowest = min(found.lowest, amount)
        found.highest = max(found.highest, amount)

    def exemplify(self, amount: float, attributes: Attributes, trace_id: int, span_id: int) -> None:
        """Tell of a sample that was recorded by which trace it can be understood."""
        bucket = bisect_left(self.metric.buckets, amount)
        self._point(attributes).exemplars[bucket] = Exemplar(amount, trace_id, span_id)
