"""Loads registry.yaml, the single list of metrics, into frozen data."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast, get_args

import yaml

Instrument = Literal["counter", "updowncounter", "histogram", "gauge"]

_PROMETHEUS_UNITS = {"s": "seconds", "By": "bytes", "1": "ratio"}
_METRIC_FIELDS = {"id", "type", "metric_name", "instrument", "unit", "brief", "buckets", "attributes"}
_ATTRIBUTE_FIELDS = {"id", "type", "brief", "values"}


class RegistryError(ValueError):
    """The registry is malformed; the message names the place and what was expected."""


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


@dataclass(frozen=True, slots=True)
class Registry:
    metrics: tuple[Metric, ...]

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
    return Registry(tuple(_metric(group, attributes) for group in groups if group["type"] == "metric"))


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
    instrument, references = raw["instrument"], cast("list[dict[str, str]]", raw["attributes"])
    if instrument not in get_args(Instrument):
        raise RegistryError(f"{where}: instrument: expected one of {', '.join(get_args(Instrument))}")
    unknown = [reference["ref"] for reference in references if reference["ref"] not in attributes]
    if unknown:
        raise RegistryError(f"{where}: attributes: {unknown[0]!r} is not in the attribute group")
    return Metric(
        name=str(raw["metric_name"]),
        instrument=cast("Instrument", instrument),
        unit=str(raw["unit"]),
        brief=str(raw["brief"]),
        attributes=tuple(attributes[reference["ref"]] for reference in references),
        buckets=tuple(float(bound) for bound in cast("list[float]", raw.get("buckets", []))),
    )


def _expect_fields(raw: Mapping[str, object], known: set[str], where: str) -> None:
    unknown = sorted(set(raw) - known)
    if unknown:
        raise RegistryError(f"{where}: unknown field {unknown[0]!r}; expected {', '.join(sorted(known))}")
