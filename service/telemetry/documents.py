"""What is made of the registry for others: docs/telemetry.md, and the names that the Collector lets through."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from service.telemetry.registry import (
    SCHEMA_URL,
    Attribute,
    EventSchema,
    Metric,
    Registry,
    SpanSchema,
    prometheus_names,
)
from service.telemetry.sampling import DEFAULT_TRACE_RATIO

_GENERATED = "Made from service/telemetry/registry.yaml by `python -m service.telemetry`; changes are lost."

_INTRODUCTION = f"""# Telemetry

<!-- {_GENERATED} -->

Everything that the service emits. Metrics, spans and events carry the attributes that are listed here and no others;
names are those of OpenTelemetry's semantic conventions where they have one (`{SCHEMA_URL}`).

- **Metrics** go over OTLP. Every series whose labels are known in advance is there from the start, at 0. A metric has
  at most the stated number of series in one process; samples beyond it go to one series with `otel.metric.overflow`
  and are counted by `billing.telemetry.overflows`.
- **Traces.** Every request is measured. Its trace is kept whole if it failed, if it took longer than the objective
  ({{slow}} s), if it is a GameDay's (`X-GameDay`, where `TRACE_GAMEDAY=true`), if it is linked to a kept one, or if it
  belongs to the share `TRACE_SAMPLE_RATIO` ({{ratio}}). A stranger's `traceparent` is a link and never a parent;
  nothing of ours is sent to Stripe. `X-Request-Id` is the trace id.
- **Logs** are one JSON object a line on stdout (`LOG_FORMAT=text` for people), with the fields of OpenTelemetry's log
  data model: `Timestamp` (RFC 3339), `SeverityText`, `SeverityNumber`, `EventName`, `Body`, `Attributes`, `Resource`,
  `InstrumentationScope`, and within a span `TraceId`, `SpanId` and, where the trace is known to be kept,
  `TraceFlags` 1. The same records go over OTLP, but of the lines of requests that went well only those of kept traces,
  unless `OTLP_REQUEST_LOGS=all`. `LOG_LEVEL` is debug, info, warning or error.
- **Nothing waits for telemetry.** Queues are bounded; what has no room, or what the Collector does not take, is counted
  by `billing.telemetry.dropped`. `OTEL_SDK_DISABLED=true` turns all of it off but the logs.
"""


def documents(registry: Registry) -> Mapping[Path, str]:
    """Every generated file by its path below the project."""
    return {Path("docs") / "telemetry.md": page(registry)}


def attribute_names(registry: Registry) -> set[str]:
    """Every attribute that a metric, span, log record or resource may have; also those of any log record."""
    schemas: tuple[Metric | SpanSchema | EventSchema, ...] = (*registry.metrics, *registry.spans, *registry.events)
    named = {attribute.name for schema in schemas for attribute in schema.attributes}
    return named | {attribute.name for attribute in (*registry.resource, *registry.any_log)} | {"otel.metric.overflow"}


def page(registry: Registry) -> str:
    """docs/telemetry.md."""
    parts = [
        _INTRODUCTION.format(slow=f"{registry.slow_seconds:g}", ratio=DEFAULT_TRACE_RATIO),
        "## Metrics\n",
        *(_metric(metric) for metric in registry.metrics),
        "## Spans\n",
        *(_titled(span.name, f"{span.brief} Kind: {span.kind}.", span.attributes) for span in registry.spans),
        "## Events\n\nAny record may also have " + _names(registry.any_log) + ".\n",
        _table(("event", "meaning", "attributes"), map(_event, registry.events)),
        "## Resource\n",
        _table(("attribute", "meaning"), ((f"`{each.name}`", each.brief) for each in registry.resource)),
        "## Attributes\n",
        _table(("attribute", "type", "meaning", "values"), map(_attribute, _attributes(registry))),
    ]
    return "\n".join(parts)


def _metric(metric: Metric) -> str:
    buckets = f" Buckets: {', '.join(f'{bound:g}' for bound in metric.buckets)}." if metric.buckets else ""
    series = ", ".join(f"`{name}`" for name in prometheus_names(metric))
    about = (
        f"{metric.brief} {metric.instrument.capitalize()}, unit `{metric.unit}`, at most {metric.cardinality_limit} "
        f"series.{buckets} In Prometheus: {series}."
    )
    return _titled(metric.name, about, metric.attributes)


def _titled(name: str, about: str, attributes: Iterable[Attribute]) -> str:
    return f"### `{name}`\n\n{about}\n\nAttributes: {_names(attributes) or 'none'}.\n"


def _names(attributes: Iterable[Attribute]) -> str:
    return ", ".join(f"`{attribute.name}`" for attribute in attributes)


def _event(event: EventSchema) -> tuple[str, str, str]:
    return f"`{event.name}`", event.brief, _names(event.attributes)


def _attribute(attribute: Attribute) -> tuple[str, str, str, str]:
    values = ", ".join(f"`{value}`" for value in attribute.values)
    return f"`{attribute.name}`", attribute.type, attribute.brief, values


def _attributes(registry: Registry) -> Iterator[Attribute]:
    """Each once, by name."""
    schemas: tuple[Metric | SpanSchema | EventSchema, ...] = (*registry.metrics, *registry.spans, *registry.events)
    found = {attribute.name: attribute for schema in schemas for attribute in schema.attributes}
    found |= {attribute.name: attribute for attribute in registry.any_log}
    return (found[name] for name in sorted(found))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
