"""OpenSLO's alert policies and conditions, and what a document wants its alerts to carry."""

import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

from slo import document, names, naming, policy
from slo.document import Problem
from slo.model import Alerting, Pair, Policy, Severity, Window

Lookup = Callable[[str, object], Any]
"""The spec of the document of a kind and name; None where there is none."""

_LOOSE = document.parsed_by(naming.loose)
_LARGEST_RATE = Decimal(1_000_000)
_SEVERITY = document.one_of(*(str(severity) for severity in Severity))
_LABELS = document.table(document.text, naming.label)
_ANNOTATIONS = document.table(document.text, naming.key)
_ALERT = {"labels": _LABELS, "annotations": _ANNOTATIONS}
_ONE_SEVERITY = document.mapping({}, {**_ALERT, "disable": document.boolean})
SHAPE = document.mapping(
    {}, {"name": document.text, **_ALERT, **{str(severity): _ONE_SEVERITY for severity in Severity}}
)


def _hold(text: str) -> Window | None:
    return None if re.fullmatch("0[smhdw]", text) else Window(text)


CONDITION_ANNOTATIONS = {"slo/short-window": document.parsed_by(Window)}
CONDITION = document.mapping(
    {
        "severity": _SEVERITY,
        "condition": document.mapping(
            {
                "threshold": document.between(Decimal(0), _LARGEST_RATE),
                "lookbackWindow": document.parsed_by(Window),
            },
            {
                "kind": document.one_of("burnrate"),
                "op": document.one_of("gt"),
                "alertAfter": document.parsed_by(_hold),
            },
        ),
    },
    {"description": document.text},
)
_CONDITION_ENTRY = document.either(
    document.mapping({"conditionRef": _LOOSE}),
    document.mapping(
        {"metadata": naming.metadata(_LOOSE, CONDITION_ANNOTATIONS), "spec": CONDITION},
        {"kind": document.one_of("AlertCondition"), "apiVersion": document.text},
    ),
)
_TARGET_ENTRY = document.either(
    document.mapping({"targetRef": _LOOSE}),
    document.mapping(
        {
            "metadata": naming.metadata(_LOOSE, {}),
            "spec": document.mapping({"target": document.text}, {"description": document.text}),
        },
        {"kind": document.one_of("AlertNotificationTarget"), "apiVersion": document.text},
    ),
)
POLICY = document.mapping(
    {"conditions": document.sequence(_CONDITION_ENTRY)},
    {
        "description": document.text,
        "alertWhenNoData": document.boolean,
        "alertWhenResolved": document.boolean,
        "alertWhenBreaching": document.boolean,
        "notificationTargets": document.sequence(_TARGET_ENTRY, empty=True),
    },
)
_REFERENCE = document.mapping({"alertPolicyRef": _LOOSE})
_INLINE = document.mapping(
    {"metadata": naming.metadata(_LOOSE, {}), "spec": POLICY},
    {"kind": document.one_of("AlertPolicy"), "apiVersion": document.text},
)


def POLICY_ENTRY(value: object, path: str) -> Iterator[Problem]:  # noqa: N802 (a shape, as the constants are)
    """A reference to a policy, or a policy."""
    inline = isinstance(value, dict) and "spec" in value
    return (_INLINE if inline else _REFERENCE)(value, path)


def unresolved(entries: Any, path: str, lookup: Lookup) -> Iterator[Problem]:
    """References to policies, conditions and targets that are nowhere."""
    for number, entry in enumerate(entries):
        place = f"{path}[{number}]"
        if "spec" in entry:
            yield from misnamed(entry["metadata"], f"{place}.metadata")
            yield from unresolved_parts(entry["spec"], f"{place}.spec", lookup)
        elif lookup("AlertPolicy", entry["alertPolicyRef"]) is None and entry["alertPolicyRef"] not in policy.known():
            name = entry["alertPolicyRef"]
            expected = f"expected an AlertPolicy document of that name, or one of {', '.join(policy.known())}"
            yield Problem(f"{place}.alertPolicyRef", f"policy {name!r} is unknown; {expected}")


def misnamed(metadata: Any, path: str) -> Iterator[Problem]:
    """A policy with the name that stands for no policy."""
    if metadata["name"] == policy.NO_POLICY:
        yield Problem(f"{path}.name", f"expected another name, {policy.NO_POLICY!r} stands for no policy")


def unresolved_parts(spec: Any, path: str, lookup: Lookup) -> Iterator[Problem]:
    """References of a policy that lead nowhere, and conditions whose windows contradict each other."""
    for number, entry in enumerate(spec["conditions"]):
        name = entry.get("conditionRef")
        place = f"{path}.conditions[{number}]"
        if name is not None and lookup("AlertCondition", name) is None:
            yield Problem(f"{place}.conditionRef", f"expected an AlertCondition document named {name!r}, got none")
        elif name is None:
            yield from contradictory(entry, place)
    for number, entry in enumerate(spec.get("notificationTargets", [])):
        name = entry.get("targetRef")
        if name is not None and lookup("AlertNotificationTarget", name) is None:
            expected = f"expected an AlertNotificationTarget document named {name!r}, got none"
            yield Problem(f"{path}.notificationTargets[{number}].targetRef", expected)


def contradictory(condition: Any, path: str) -> Iterator[Problem]:
    """A short window that is not shorter."""
    short, long = _short(condition), Window(condition["spec"]["condition"]["lookbackWindow"])
    if short is not None and short.seconds >= long.seconds:
        where = f"{path}.metadata.annotations.slo/short-window".removeprefix(".")
        yield Problem(where, f"expected less than {long}, got {short}")


def policies(entries: Any, period: Window, condition: Lookup, lookup: Lookup) -> Iterator[tuple[str, Policy | None]]:
    """The names of the policies, each with its policy where documents define it and not the engine.

    `condition` finds whole documents of conditions, as their annotations matter too.
    """
    for entry in entries:
        name = entry["metadata"]["name"] if "spec" in entry else entry["alertPolicyRef"]
        spec = entry.get("spec") or lookup("AlertPolicy", name)
        yield name, None if spec is None else _policy(name, spec, period, condition)


def labels(metadata: Any) -> dict[str, str]:
    """A document's labels as Prometheus can have them; lists are joined."""
    texts = {name: ",".join(value) if isinstance(value, list) else value for name, value in metadata.items()}
    return {_label(name): value for name, value in texts.items()}


def mislabelled(metadata: Any, groups: Iterable[str], path: str) -> Iterator[Problem]:
    """Labels of a document that Prometheus or the engine cannot give to alerts, or that become one."""
    taken = {**dict.fromkeys(groups, "slo/group-by"), names.SEVERITY: "the alert policy"}
    for key in metadata:
        name, place = _label(key), document.join(path, key)
        wrong = next(document.parsed_by(naming.label)(name, place), None)
        if wrong:
            yield wrong
        elif name in taken:
            yield Problem(place, f"expected another label, {name!r} is set by {taken[name]}")
        taken.setdefault(name, key)


def _label(key: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_]", "_", key)


def alerting(wanted: Any) -> Alerting:
    """The names, labels and annotations that alerts shall carry."""
    return Alerting(
        name=wanted.get("name"),
        labels=wanted.get("labels", {}),
        annotations=wanted.get("annotations", {}),
        disabled=wanted.get("disable", False),
        by_severity={severity: alerting(wanted[severity]) for severity in Severity if str(severity) in wanted},
    )


def _policy(name: str, spec: Any, period: Window, condition: Lookup) -> Policy:
    documents = [
        condition("AlertCondition", entry["conditionRef"]) if "conditionRef" in entry else entry
        for entry in spec["conditions"]
    ]
    targets = (entry.get("targetRef") or entry["metadata"]["name"] for entry in spec.get("notificationTargets", []))
    breaching = spec.get("alertWhenBreaching", True)
    return Policy(
        name=name,
        source="its OpenSLO document",
        period=period,
        pairs=tuple(_pair(entry, period) for entry in documents) if breaching else (),
        when_absent=spec.get("alertWhenNoData", True),
        targets=tuple(targets),
    )


def _pair(document_: Any, period: Window) -> Pair:
    spec, condition = document_["spec"], document_["spec"]["condition"]
    long, rate = Window(condition["lookbackWindow"]), Decimal(condition["threshold"])
    return Pair(
        severity=Severity(spec["severity"]),
        long=long,
        short=_short(document_) or long,
        burn_rate=rate,
        budget_share=policy.budget_share(rate, period, long),
        hold=_hold(condition.get("alertAfter", "0m")),
    )


def _short(condition: Any) -> Window | None:
    text = condition.get("metadata", {}).get("annotations", {}).get("slo/short-window")
    return None if text is None else Window(text)
