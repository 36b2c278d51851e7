"""OpenSLO v1: the shape of each kind of document, and the SLOs that they describe together."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from slo import alerting, calendar, document, naming, sli
from slo.document import Problem, Shape
from slo.indicator import Counted, Indicator, NativeHistogram, Slices
from slo.model import Guard, Objective, Slo, Window
from slo.policy import NO_POLICY
from slo.yamlfile import Content

API_VERSION = "openslo/v1"
_ZERO, _ONE, _HUNDRED = Decimal(0), Decimal(1), Decimal(100)
_NO_COMPOSITE = document.refused("composite SLOs are not supported; write an SLO for each part")
_NAME, _LOOSE = document.parsed_by(naming.strict), document.parsed_by(naming.loose)


def _duration(text: str) -> object:
    """Of a rolling period or of one that begins with a date; which of them is judged when both are known."""
    return calendar.duration(text) if text[-1:] in ("M", "Q", "Y") else Window(text)


_ANNOTATIONS: dict[str, Shape] = {
    "slo/group-by": document.parsed_by(naming.groups),
    "slo/runbook": document.text,
    "slo/unit": document.text,
    "slo/minimum-events": document.parsed_by(naming.count),
    "slo/minimum-failures": document.parsed_by(naming.count),
    "slo/part-may-exceed-total": document.parsed_by(naming.flag),
    "slo/alerting": naming.as_json(alerting.SHAPE),
}
# What counts events; the others weigh moments.
_EVENTS = (Counted, NativeHistogram)


def _slice_window(value: object, path: str) -> Iterator[Problem]:
    """A duration, or minutes that are whole seconds."""
    if isinstance(value, str):
        yield from document.parsed_by(Window)(value, path)
        return
    wrong = list(document.between(_ZERO, Decimal(1_440), closed=True)(value, path))
    yield from wrong
    if not wrong and isinstance(value, int | Decimal) and value * 60 % 1:
        yield Problem(path, f"expected minutes that are whole seconds, such as 5 or 0.5, got {document.shown(value)}")


_OBJECTIVE = document.mapping(
    {},
    {
        "displayName": document.text,
        "target": document.between(_ZERO, _ONE),
        "targetPercent": document.between(_ZERO, _HUNDRED),
        "op": document.one_of("lte", "lt", "gte", "gt"),
        "value": document.number,
        "timeSliceTarget": document.between(_ZERO, _ONE, closed=True),
        "timeSliceWindow": _slice_window,
        "compositeWeight": _NO_COMPOSITE,
        "indicator": _NO_COMPOSITE,
        "indicatorRef": _NO_COMPOSITE,
    },
)
_CALENDAR = document.mapping(
    {
        "startTime": document.parsed_by(calendar.start_time),
        "timeZone": document.parsed_by(calendar.time_zone),
    }
)
_PERIOD = document.mapping(
    {"duration": document.parsed_by(_duration)}, {"isRolling": document.boolean, "calendar": _CALENDAR}
)
_INDICATOR = document.mapping(
    {"spec": sli.shape}, {"metadata": naming.metadata(_LOOSE, {}), "kind": document.one_of("SLI")}
)
_SLO = document.mapping(
    {
        "service": _NAME,
        "budgetingMethod": document.one_of("Occurrences", "Timeslices", "RatioTimeslices"),
        "objectives": document.sequence(_OBJECTIVE),
    },
    {
        "description": document.text,
        "indicator": _INDICATOR,
        "indicatorRef": document.text,
        "timeWindow": document.sequence(_PERIOD, most=1),
        "alertPolicies": document.sequence(alerting.POLICY_ENTRY, empty=True),
    },
)


@dataclass(frozen=True)
class Documents:
    """All documents by kind and name, for those that refer to one another."""

    found: dict[tuple[str, str], Content] = field(default_factory=dict)

    def spec(self, kind: str, name: object) -> Any:
        """The spec of a document; None where there is no such document."""
        found = self.whole(kind, name)
        return None if found is None else found.get("spec")

    def whole(self, kind: str, name: object) -> Any:
        """A document; None where there is none of that kind and name."""
        found = self.found.get((kind, str(name)))
        return None if found is None else found.value


def shape(kind: object) -> Shape:
    """The whole of a document of this kind."""
    return _shape(str(kind))


@lru_cache(maxsize=64)
def _shape(kind: str) -> Shape:
    known = _KINDS.get(kind)
    name, annotations, spec = known or (_LOOSE, {}, document.anything)
    return document.mapping(
        {
            "apiVersion": document.one_of(API_VERSION),
            "kind": document.one_of(*_KINDS),
            "metadata": naming.metadata(name, annotations),
            "spec": spec,
        }
    )


def slos(content: Any, documents: Documents) -> list[Slo]:
    """The SLOs of a document whose shape and references are right: one for each objective."""
    spec, metadata = content["spec"], content["metadata"]
    found = _sli(spec, documents)
    entries = spec["objectives"]
    return [
        _guarded(
            _slo(metadata, spec, _indicator(found, spec, entry), entry, _suffix(entry, number) if entries[1:] else ""),
            spec,
            documents,
        )
        for number, entry in enumerate(entries, start=1)
    ]


def inconsistent(content: Any, documents: Documents) -> Iterator[Problem]:
    """What is wrong between the parts of an SLO, and between it and the documents that it refers to."""
    spec = content["spec"]
    if documents.spec("Service", spec["service"]) is None:
        yield Problem("spec.service", f"expected a Service document named {spec['service']!r}, got none")
    metadata = content["metadata"]
    kept = metadata.get("annotations", {}).get("slo/group-by")
    yield from alerting.mislabelled(metadata.get("labels", {}), naming.groups(kept) if kept else (), "metadata.labels")
    yield from _window(spec)
    found = yield from _found_sli(spec, documents)
    if found is not None:
        for number, entry in enumerate(spec["objectives"]):
            yield from _objective(entry, found, spec["budgetingMethod"], f"spec.objectives[{number}]")
    yield from alerting.unresolved(spec.get("alertPolicies", []), "spec.alertPolicies", documents.spec)


def _found_sli(spec: Any, documents: Documents) -> Any:
    if ("indicator" in spec) == ("indicatorRef" in spec):
        yield Problem("spec", "expected either indicator or indicatorRef")
        return None
    if "indicatorRef" in spec:
        found = documents.spec("SLI", spec["indicatorRef"])
        if found is None:
            yield Problem("spec.indicatorRef", f"expected an SLI document named {spec['indicatorRef']!r}, got none")
        return found
    yield from sources(spec["indicator"]["spec"], "spec.indicator.spec", documents)
    return spec["indicator"]["spec"]


def sources(spec: Any, path: str, documents: Documents) -> Iterator[Problem]:
    """Metric sources that are not, or not known to be, a Prometheus."""
    for source, place in sli.metrics(spec, path):
        if "metricSourceRef" not in source:
            if "type" not in source:
                yield Problem(f"{place}.type", "missing; expected 'Prometheus', or a metricSourceRef")
            continue
        if documents.spec("DataSource", source["metricSourceRef"]) is None:
            name = source["metricSourceRef"]
            yield Problem(f"{place}.metricSourceRef", f"expected a DataSource document named {name!r}, got none")


def _window(spec: Any) -> Iterator[Problem]:
    for entry in spec.get("timeWindow", []):
        place = "spec.timeWindow[0]"
        begins = entry.get("calendar")
        if begins is not None and entry.get("isRolling"):
            yield Problem(f"{place}.isRolling", "expected false beside a calendar, got True")
        elif begins is None and not entry.get("isRolling", False):
            yield Problem(f"{place}.isRolling", "expected true, or a calendar with startTime and timeZone")
        elif begins is None:
            yield from document.parsed_by(Window)(entry["duration"], f"{place}.duration")
        else:
            wrong = list(document.parsed_by(partial(_begun, begins))(entry["duration"], f"{place}.duration"))
            yield from wrong
            if not wrong and _begun(begins, entry["duration"]).outlived(datetime.now(UTC)):
                expected = "expected a start of the last nine years, such as a later one of the same period"
                yield Problem(f"{place}.calendar.startTime", f"{expected}, got {begins['startTime']!r}")


def _begun(begins: Any, duration: str) -> calendar.Calendar:
    return calendar.calendar(duration, begins["startTime"], begins["timeZone"])


def _objective(entry: Any, found: Any, method: str, path: str) -> Iterator[Problem]:
    if ("target" in entry) == ("targetPercent" in entry):
        yield Problem(path, "expected either target or targetPercent")
    for field_ in ("op", "value"):
        if ("thresholdMetric" in found) != (field_ in entry):
            expected = (
                "missing beside a thresholdMetric" if field_ not in entry else "expected with a thresholdMetric only"
            )
            yield Problem(f"{path}.{field_}", expected)
    if "value" in entry and found.get("thresholdMetric", {}).get("metricSource", {}).get("spec", {}).get("histogram"):
        yield from document.between(_ZERO, Decimal("1e9"))(entry["value"], f"{path}.value")
    sliced = method != "Occurrences"
    for field_, wanted in (("timeSliceTarget", method == "Timeslices"), ("timeSliceWindow", sliced)):
        if wanted and field_ not in entry:
            yield Problem(f"{path}.{field_}", f"missing with budgetingMethod {method}")
        if not wanted and field_ in entry:
            yield Problem(f"{path}.{field_}", f"expected with another budgetingMethod than {method} only")


def _sli(spec: Any, documents: Documents) -> Any:
    if "indicator" in spec:
        return spec["indicator"]["spec"]
    return documents.spec("SLI", spec["indicatorRef"])


def _indicator(found: Any, spec: Any, entry: Any) -> Indicator:
    made = sli.indicator(found, entry)
    if spec["budgetingMethod"] == "Occurrences":
        return made
    length = entry["timeSliceWindow"]
    window = Window(length) if isinstance(length, str) else Window(f"{int(length * 60)}s")
    weighted = spec["budgetingMethod"] == "RatioTimeslices"
    return Slices(made, window, Decimal(entry.get("timeSliceTarget", 1)), weighted=weighted)


def _slo(metadata: Any, spec: Any, indicator: Indicator, entry: Any, suffix: str) -> Slo:
    annotations = metadata.get("annotations", {})
    title = metadata.get("displayName", metadata["name"])
    return Slo(
        name=f"{metadata['name']}{suffix}",
        title=f"{title} ({entry.get('displayName', suffix[1:])})" if suffix else title,
        service=spec["service"],
        objective=_promise(spec, entry),
        indicator=indicator,
        policy="default",
        groups=naming.groups(annotations["slo/group-by"]) if "slo/group-by" in annotations else (),
        labels=alerting.labels(metadata.get("labels", {})),
        alerting=alerting.alerting(json.loads(annotations.get("slo/alerting", "{}"))),
        guard=_guard(annotations),
        runbook=annotations.get("slo/runbook"),
        unit=annotations.get("slo/unit", "requests" if isinstance(indicator, _EVENTS) else "moments"),
        part_may_exceed=naming.flag(annotations.get("slo/part-may-exceed-total", "false")),
    )


def _guarded(slo: Slo, spec: Any, documents: Documents) -> Slo:
    """The SLO with the policies that it names or defines: none where its list is empty, the default without a list."""
    if "alertPolicies" not in spec:
        return slo
    found = alerting.policies(spec["alertPolicies"], slo.objective.period, documents.whole, documents.spec)
    named = dict(found)
    own = tuple(policy for policy in named.values() if policy is not None)
    return replace(slo, policy="+".join(named) or NO_POLICY, own=own)


def _promise(spec: Any, entry: Any) -> Objective:
    target = Decimal(entry["target"]) if "target" in entry else Decimal(entry["targetPercent"]) / 100
    window = spec.get("timeWindow", [{"duration": "30d", "isRolling": True}])[0]
    if "calendar" not in window:
        return Objective(target, Window(window["duration"]))
    begins = window["calendar"]
    found = _begun(begins, window["duration"])
    return Objective(target, Window(f"{found.nominal_seconds // 86_400}d"), found)


def _guard(annotations: Any) -> Guard | None:
    events, failures = (naming.count(annotations.get(f"slo/minimum-{what}", "0")) for what in ("events", "failures"))
    return Guard(events, failures) if events or failures else None


def _suffix(entry: Any, number: int) -> str:
    words = "".join(c if c.isascii() and c.isalnum() else "-" for c in entry.get("displayName", "").lower()).split("-")
    return f"-{'-'.join(word for word in words if word) or number}"


_DESCRIBED = document.mapping({}, {"description": document.text})
_DATA_SOURCE = document.mapping(
    {"type": document.one_of("Prometheus")}, {"description": document.text, "connectionDetails": document.anything}
)
_TARGET = document.mapping({"target": document.text}, {"description": document.text})
_KINDS: dict[str, tuple[Shape, dict[str, Shape], Shape]] = {
    "Service": (_NAME, {}, _DESCRIBED),
    "SLO": (_NAME, _ANNOTATIONS, _SLO),
    "SLI": (_LOOSE, {}, sli.shape),
    "AlertPolicy": (_LOOSE, {}, alerting.POLICY),
    "AlertCondition": (_LOOSE, alerting.CONDITION_ANNOTATIONS, alerting.CONDITION),
    "AlertNotificationTarget": (_LOOSE, {}, _TARGET),
    "DataSource": (_LOOSE, {}, _DATA_SOURCE),
}
