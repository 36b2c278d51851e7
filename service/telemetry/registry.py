"""Loads registry.yaml, the single list of metrics, into frozen data."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast, get_args

import yaml

Instrument = Literal["counter", "updowncounter", "histogram", "gauge"]

_PROMETHEUS_UNITS = {"s": "seconds", "By": "bytes", "1": "ratio"}
SCHEMA_URL = "https://opentelemetry.io/schemas/1.37.0"
"""Of the semantic conventions whose names the registry uses."""
DEFAULT_CARDINALITY_LIMIT = 2000
"""Series a metric may have at most, where the registry does not say."""

_METRIC_FIELDS = {"id", "type", "metric_name", "instrument", "unit", "brief", "buckets", "attributes"}
_METRIC_FIELDS |= {"cardinality_limit", "starts_empty"}
_ATTRIBUTE_FIELDS = {"id", "type", "brief", "values"}
_SPAN_FIELDS = {"id", "type", "span_kind", "brief", "attributes", "name", "slow_seconds"}
_EVENT_FIELDS = {"id", "type", "name", "brief", "attributes"}


class RegistryError(ValueError):
    """The registry is malformed; the message names the place and what was expected."""


_ANY_LOG = ("tenant.id", "exception.type", "exception.message", "exception.stacktrace")
"""Attributes that a log record may have whatever its event is."""
_KINDS = ("metric", "span", "event", "entity", "attribute_group")


@dataclass(frozen=True, slots=True)
class Attribute:
    """`values` lists all the values that can occur; empty where they cannot be known."""

    name: str
    type: str
    brief: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Metric:
    """`buckets` are upper bounds in `unit`, empty for anything but a histogram."""

    name: str
    instrument: Instrument
    unit: str
    brief: str
    attributes: tuple[Attribute, ...]
    buckets: tuple[float, ...]
    cardinality_limit: int = DEFAULT_CARDINALITY_LIMIT
    starts_empty: bool = False


@dataclass(frozen=True, slots=True)
class SpanSchema:
    """`name` may have attributes in braces; a trace whose root took longer than `slow_seconds` is kept whole."""

    name: str
    kind: str
    brief: str
    attributes: tuple[Attribute, ...]
    slow_seconds: float | None


@dataclass(frozen=True, slots=True)
class EventSchema:
    """A log record with an event name."""

    name: str
    brief: str
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True, slots=True)
class Registry:
    metrics: tuple[Metric, ...]
    spans: tuple[SpanSchema, ...] = ()
    events: tuple[EventSchema, ...] = ()
    resource: tuple[Attribute, ...] = ()
    any_log: tuple[Attribute, ...] = ()

    def event(self, name: str) -> EventSchema:
        """Return the event of that name; raises KeyError."""
        for event in self.events:
            if event.name == name:
                return event
        raise KeyError(f"no event {name!r} in the registry")

    @property
    def slow_seconds(self) -> float:
        """What a request takes at most without being traced whole; raises KeyError."""
        for span in self.spans:
            if span.slow_seconds is not None:
                return span.slow_seconds
        raise KeyError("no span of the registry says slow_seconds")

    def metric(self, name: str) -> Metric:
        """Return the metric of that OpenTelemetry name; raises KeyError."""
        for metric in self.metrics:
            if metric.name == name:
                return metric
        raise KeyError(f"no metric {name!r} in the registry")


@cache
def load_registry() -> Registry:
    """Read the registry that ships with the package; raises RegistryError."""
    return parse_registry(files("service.telemetry").joinpath("registry.yaml").read_text("utf-8"))


def parse_registry(text: str) -> Registry:
    groups = yaml.safe_load(text)["groups"]
    attributes = {
        raw["id"]: _attribute(raw)
        for group in groups
        if group["type"] == "attribute_group"
        for raw in group["attributes"]
    }
    kinds = {kind: [group for group in groups if group["type"] == kind] for kind in _KINDS}
    unknown = [group["id"] for group in groups if group["type"] not in _KINDS]
    if unknown:
        raise RegistryError(f"registry.yaml: {unknown[0]!r}: type: expected one of {', '.join(_KINDS)}")
    return Registry(
        tuple(_metric(group, attributes) for group in kinds["metric"]),
        tuple(_span(group, attributes) for group in kinds["span"]),
        tuple(_event(group, attributes) for group in kinds["event"]),
        tuple(each for group in kinds["entity"] for each in _references(group, attributes)),
        tuple(attributes[name] for name in _ANY_LOG if name in attributes),
    )


def prometheus_names(metric: Metric) -> tuple[str, ...]:
    """Every series name that the metric has in Prometheus, as the Collector's exporter spells it."""
    base = metric.name.replace(".", "_")
    unit = None if metric.unit.startswith("{") else _PROMETHEUS_UNITS.get(metric.unit, metric.unit)
    if unit and not base.endswith(f"_{unit}"):
        base = f"{base}_{unit}"
    if metric.instrument == "histogram":
        return (f"{base}_bucket", f"{base}_sum", f"{base}_count")
    return (f"{base}_total",) if metric.instrument == "counter" else (base,)


def prometheus_labels(metric: Metric) -> tuple[str, ...]:
    """The label names that the metric's attributes have in Prometheus."""
    return tuple(attribute.name.replace(".", "_") for attribute in metric.attributes)


def _attribute(raw: Mapping[str, object]) -> Attribute:
    where = f"registry.yaml: attribute {raw.get('id')!r}"
    _expect_fields(raw, _ATTRIBUTE_FIELDS, where)
    values = cast("list[str]", raw.get("values", []))
    return Attribute(str(raw["id"]), str(raw["type"]), str(raw["brief"]), tuple(values))


def _metric(raw: Mapping[str, object], attributes: Mapping[str, Attribute]) -> Metric:
    where = f"registry.yaml: {raw.get('id')!r}"
    _expect_fields(raw, _METRIC_FIELDS, where)
    instrument = raw["instrument"]
    if instrument not in get_args(Instrument):
        raise RegistryError(f"{where}: instrument: expected one of {', '.join(get_args(Instrument))}")
    return Metric(
        name=str(raw["metric_name"]),
        instrument=cast("Instrument", instrument),
        unit=str(raw["unit"]),
        brief=str(raw["brief"]),
        attributes=_references(raw, attributes),
        buckets=tuple(float(bound) for bound in cast("list[float]", raw.get("buckets", []))),
        cardinality_limit=int(cast("int", raw.get("cardinality_limit", DEFAULT_CARDINALITY_LIMIT))),
        starts_empty=bool(raw.get("starts_empty", False)),
    )


def _span(raw: Mapping[str, object], attributes: Mapping[str, Attribute]) -> SpanSchema:
    _expect_fields(raw, _SPAN_FIELDS, f"registry.yaml: {raw.get('id')!r}")
    slow = cast("float | None", raw.get("slow_seconds"))
    return SpanSchema(str(raw["name"]), str(raw["span_kind"]), str(raw["brief"]), _references(raw, attributes), slow)


def _event(raw: Mapping[str, object], attributes: Mapping[str, Attribute]) -> EventSchema:
    _expect_fields(raw, _EVENT_FIELDS, f"registry.yaml: {raw.get('id')!r}")
    return EventSchema(str(raw["name"]), str(raw["brief"]), _references(raw, attributes))


def _references(raw: Mapping[str, object], attributes: Mapping[str, Attribute]) -> tuple[Attribute, ...]:
    names = [reference["ref"] for reference in cast("list[dict[str, str]]", raw["attributes"])]
    unknown = [name for name in names if name not in attributes]
    if unknown:
        raise RegistryError(f"registry.yaml: {raw['id']!r}: attributes: {unknown[0]!r} is not in the attribute group")
    return tuple(attributes[name] for name in names)


def _expect_fields(raw: Mapping[str, object], known: set[str], where: str) -> None:
    unknown = sorted(set(raw) - known)
    if unknown:
        raise RegistryError(f"{where}: unknown field {unknown[0]!r}; expected {', '.join(sorted(known))}")
