"""OpenSLO's indicators: their shapes, and the Indicator that each describes."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from slo import document, query
from slo.document import Problem
from slo.indicator import Counted, Indicator, NativeHistogram, Threshold, of_events, of_ratio
from slo.query import Counter
from slo.selector import Matcher, Selector
from slo.window import plain

_SOURCE = document.mapping(
    {"spec": document.mapping({}, {"query": document.text, "histogram": document.text, "native": document.boolean})},
    {"type": document.one_of("Prometheus"), "metricSourceRef": document.text},
)
METRIC = document.mapping({"metricSource": _SOURCE})
_RATIO = document.mapping(
    {},
    {
        "counter": document.boolean,
        "good": METRIC,
        "bad": METRIC,
        "total": METRIC,
        "raw": METRIC,
        "rawType": document.one_of("success", "failure"),
    },
)
_FIELDS = document.mapping({}, {"description": document.text, "ratioMetric": _RATIO, "thresholdMetric": METRIC})
_SHAPES = ({"good", "total"}, {"bad", "total"}, {"raw"})


def shape(value: object, path: str) -> Iterator[Problem]:
    """The spec of an SLI."""
    problems = list(_FIELDS(value, path))
    yield from problems
    if not problems and isinstance(value, dict):
        yield from _consistent(value, path)


def metrics(spec: Any, path: str) -> Iterator[tuple[Any, str]]:
    """Every metricSource of an SLI with its path."""
    ratio = spec.get("ratioMetric", {})
    for part in (part for part in ("good", "bad", "total", "raw") if part in ratio):
        yield ratio[part]["metricSource"], f"{path}.ratioMetric.{part}.metricSource"
    if "thresholdMetric" in spec:
        yield spec["thresholdMetric"]["metricSource"], f"{path}.thresholdMetric.metricSource"


def indicator(spec: Any, objective: Any) -> Indicator:
    """The indicator of an SLI whose shape is right, for an objective that fits it."""
    if "thresholdMetric" in spec:
        return _threshold(spec["thresholdMetric"]["metricSource"]["spec"], objective)
    ratio = spec["ratioMetric"]
    if "raw" in ratio:
        return of_ratio(_query(ratio, "raw", counted=False), success=ratio["rawType"] == "success")
    good, counted = "good" in ratio, ratio.get("counter", False)
    part = _query(ratio, "good" if good else "bad", counted=counted)
    return of_events(part, _query(ratio, "total", counted=counted), good=good)


def _consistent(value: Any, path: str) -> Iterator[Problem]:
    if ("ratioMetric" in value) == ("thresholdMetric" in value):
        yield Problem(path, "expected either ratioMetric or thresholdMetric")
        return
    if "ratioMetric" in value:
        yield from _ratio(value["ratioMetric"], f"{path}.ratioMetric")
    else:
        yield from _bound(value["thresholdMetric"]["metricSource"]["spec"], f"{path}.thresholdMetric.metricSource.spec")


def _ratio(ratio: Any, path: str) -> Iterator[Problem]:
    parts = {part for part in ("good", "bad", "total", "raw") if part in ratio}
    if parts not in _SHAPES:
        found = ", ".join(sorted(parts)) or "nothing"
        yield Problem(path, f"expected good and total, bad and total, or raw with rawType, got {found}")
        return
    if ("raw" in parts) != ("rawType" in ratio):
        yield Problem(f"{path}.rawType", "expected success or failure, and only beside raw")
    if "raw" not in parts and "counter" not in ratio:
        yield Problem(f"{path}.counter", "missing; expected true for counters, false for gauges")
    for part in sorted(parts):
        place = f"{path}.{part}.metricSource.spec"
        source = ratio[part]["metricSource"]["spec"]
        if "query" not in source or len(source) > 1:
            yield Problem(f"{place}.query", "expected a query, and nothing else")
            continue
        read = query.counter if ratio.get("counter") and part != "raw" else query.level
        yield from document.parsed_by(read)(source["query"], f"{place}.query")


def _bound(source: Any, path: str) -> Iterator[Problem]:
    if ("query" in source) == ("histogram" in source):
        yield Problem(path, "expected either a query or a histogram")
    elif "query" in source:
        yield from document.parsed_by(_plain_level)(source["query"], f"{path}.query")
        if "native" in source:
            yield Problem(f"{path}.native", "expected it beside histogram only")
    else:
        yield from document.parsed_by(Selector.parse)(source["histogram"], f"{path}.histogram")


def _plain_level(text: str) -> str:
    found = query.level(text)
    if not isinstance(found, query.Level):
        raise ValueError(f"expected an expression without {{{{.window}}}}, got {text!r}")
    return found.expression


def _query(ratio: Any, part: str, *, counted: bool) -> query.Query:
    text = ratio[part]["metricSource"]["spec"]["query"]
    return query.counter(text) if counted else query.level(text)


def _threshold(source: Any, objective: Any) -> Indicator:
    op, bound = objective["op"], Decimal(objective["value"])
    if "query" in source:
        return Threshold(_plain_level(source["query"]), op, bound)
    selector = Selector.parse(source["histogram"])
    if source.get("native"):
        return NativeHistogram(selector, op, bound)
    below = Counter(selector.having(_bucket(bound), suffix="_bucket"))
    return Counted(below, Counter(selector.having(suffix="_count")), good=op.startswith("l"))


def _bucket(bound: Decimal) -> Matcher:
    """The bucket up to a bound; a whole number is written as 1 or, since Prometheus 3, as 1.0."""
    text = plain(bound)
    if "." in text:
        return Matcher("le", "=", text)
    return Matcher("le", "=~", f"{text}(\\\\.0)?")
