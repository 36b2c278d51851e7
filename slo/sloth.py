"""Sloth's `prometheus/v1` documents: read as they are, or turned into OpenSLO."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from slo import alerting, document, naming, query
from slo.document import Problem
from slo.indicator import of_events, of_ratio
from slo.model import Objective, Severity, Slo, Window

VERSION = "prometheus/v1"
POLICY = "workbook"
"""The pairs of windows that Sloth has built in for 30 days."""
_PERIOD = "30d"
_HUNDRED = Decimal(100)
_SHOWN = {Severity.PAGE: "page_alert", Severity.TICKET: "ticket_alert"}
_NO_PLUGIN = document.refused("Sloth's plugins are not supported; write the query that the plugin makes")

_LABELS = document.table(document.text, naming.label)
_ALERT = {"labels": _LABELS, "annotations": document.table(document.text, naming.key)}
_ONE_ALERT = document.mapping({}, {**_ALERT, "disable": document.boolean})
_ALERTING = document.mapping({}, {"name": document.text, **_ALERT, **dict.fromkeys(_SHOWN.values(), _ONE_ALERT)})
_QUERY = document.parsed_by(query.template)
_SLI = document.mapping(
    {},
    {
        "events": document.mapping({"error_query": _QUERY, "total_query": _QUERY}),
        "raw": document.mapping({"error_ratio_query": _QUERY}),
        "plugin": _NO_PLUGIN,
    },
)
_SLO = document.mapping(
    {
        "name": document.parsed_by(naming.loose),
        "objective": document.between(Decimal(0), _HUNDRED),
        "sli": _SLI,
        "alerting": _ALERTING,
    },
    {"description": document.text, "labels": _LABELS, "plugins": _NO_PLUGIN},
)
_DOCUMENT = document.mapping(
    {
        "version": document.one_of(VERSION),
        "service": document.parsed_by(naming.loose),
        "slos": document.sequence(_SLO),
    },
    {"labels": _LABELS, "slo_plugins": _NO_PLUGIN},
)


def is_sloth(value: object) -> bool:
    """Whether it means to be a document of Sloth's."""
    return isinstance(value, dict) and "apiVersion" not in value and "version" in value


def shape(value: object, path: str) -> Iterator[Problem]:
    """All that is wrong with a document."""
    problems = list(_DOCUMENT(value, path))
    yield from problems
    if problems or not isinstance(value, dict):
        return
    seen: set[str] = set()
    for number, entry in enumerate(value["slos"]):
        if ("events" in entry["sli"]) == ("raw" in entry["sli"]):
            yield Problem(f"slos[{number}].sli", "expected either events or raw")
        if entry["name"] in seen:
            yield Problem(f"slos[{number}].name", f"{entry['name']!r} is taken by another SLO of the document")
        seen.add(entry["name"])
        if _paged(entry["alerting"]) and "name" not in entry["alerting"]:
            yield Problem(f"slos[{number}].alerting.name", "missing")


def slos(content: Any) -> list[Slo]:
    """The SLOs of a document whose shape is right; each is named as Sloth does, service and name."""
    return [_slo(content, entry) for entry in content["slos"]]


def to_openslo(contents: list[Any]) -> list[dict[str, Any]]:
    """The same SLOs as OpenSLO documents: each service once, before its SLOs."""
    documents: list[dict[str, Any]] = []
    for service in dict.fromkeys(content["service"] for content in contents):
        documents.append(
            {"apiVersion": "openslo/v1", "kind": "Service", "metadata": {"name": _slug(service)}, "spec": {}}
        )
        own = [content for content in contents if content["service"] == service]
        documents += [_document(content, entry) for content in own for entry in content["slos"]]
    return documents


def _slo(content: Any, entry: Any) -> Slo:
    sli, name = entry["sli"], f"{content['service']}-{entry['name']}"
    if "raw" in sli:
        ratio = of_ratio(query.template(sli["raw"]["error_ratio_query"]), success=False)
    else:
        events = sli["events"]
        ratio = of_events(query.template(events["error_query"]), query.template(events["total_query"]), good=False)
    return Slo(
        name=name,
        title=name,
        service=content["service"],
        objective=Objective(Decimal(entry["objective"]) / _HUNDRED, Window(_PERIOD)),
        indicator=ratio,
        policy=POLICY,
        labels={**content.get("labels", {}), **entry.get("labels", {})},
        alerting=alerting.alerting(_wanted(entry["alerting"])),
        unit="events",
    )


def _slug(name: str) -> str:
    """The name as OpenSLO wants it: lower case, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:63].strip("-")


def _document(content: Any, entry: Any) -> dict[str, Any]:
    name = _slug(f"{content['service']}-{entry['name']}")
    labels = {**content.get("labels", {}), **entry.get("labels", {})}
    wanted = json.dumps(_wanted(entry["alerting"]), sort_keys=True)
    annotations = {"slo/alerting": wanted, "slo/unit": "events"}
    metadata = {"name": name, **({"labels": labels} if labels else {}), "annotations": annotations}
    return {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": metadata,
        "spec": {
            **({"description": entry["description"]} if "description" in entry else {}),
            "service": _slug(content["service"]),
            "indicator": {"spec": {"ratioMetric": _ratio(entry["sli"])}},
            "timeWindow": [{"duration": _PERIOD, "isRolling": True}],
            "budgetingMethod": "Occurrences",
            "objectives": [{"targetPercent": Decimal(entry["objective"])}],
            "alertPolicies": [{"alertPolicyRef": POLICY}],
        },
    }


def _ratio(sli: Any) -> dict[str, Any]:
    if "raw" in sli:
        return {"rawType": "failure", "raw": _metric(sli["raw"]["error_ratio_query"])}
    events = sli["events"]
    return {"counter": True, "bad": _metric(events["error_query"]), "total": _metric(events["total_query"])}


def _metric(text: str) -> dict[str, Any]:
    return {"metricSource": {"type": "Prometheus", "spec": {"query": text.strip()}}}


def _wanted(entry: Any) -> dict[str, Any]:
    """Sloth's alerting under the names that the annotation slo/alerting has."""
    shared = {field: value for field, value in entry.items() if field not in _SHOWN.values()}
    return {**shared, **{str(severity): entry[field] for severity, field in _SHOWN.items() if field in entry}}


def _paged(entry: Any) -> bool:
    return not all(entry.get(field, {}).get("disable", False) for field in _SHOWN.values())
