"""OpenSLO v1 documents in, SLOs out: all the problems of all the files are reported at once."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from slo import document
from slo.errors import DocumentError
from slo.model import Objective, Slo, Window
from slo.selector import Selector

SPECS = Path(__file__).parent / "specs"
_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(f"expected a lower-case name such as api-availability, got {value!r}")
    return value


def _selector(value: str) -> Selector:
    selector = Selector.parse(value)
    selector.example()
    return selector


_METADATA = document.mapping({"name": document.parsed_by(_name)}, {"displayName": document.text})
_METRIC = document.mapping(
    {
        "metricSource": document.mapping(
            {
                "type": document.one_of("Prometheus"),
                "spec": document.mapping({"query": document.parsed_by(_selector)}),
            }
        )
    }
)
_RATIO = document.mapping({"counter": document.one_of(True), "bad": _METRIC, "total": _METRIC})
_INDICATOR = document.mapping({"spec": document.mapping({"ratioMetric": _RATIO})}, {"metadata": _METADATA})
_PERIOD = document.mapping({"duration": document.parsed_by(Window), "isRolling": document.one_of(True)})
_OBJECTIVE = document.mapping({"target": document.between(Decimal(0), Decimal(1))}, {"displayName": document.text})
_SLO = document.mapping(
    {
        "service": document.parsed_by(_name),
        "indicator": _INDICATOR,
        "timeWindow": document.sequence(_PERIOD, most=1),
        "budgetingMethod": document.one_of("Occurrences"),
        "objectives": document.sequence(_OBJECTIVE, most=1),
        "alertPolicies": document.sequence(document.mapping({"alertPolicyRef": document.parsed_by(_name)}), most=1),
    },
    {"description": document.text},
)
_SERVICE = document.mapping({}, {"description": document.text})
_KINDS = {"Service": _SERVICE, "SLO": _SLO}


@dataclass(frozen=True)
class _Document:
    """A document and where it was found."""

    place: str
    content: Any

    @property
    def kind(self) -> object:
        return self.content.get("kind") if isinstance(self.content, dict) else None

    @property
    def name(self) -> str:
        return str(self.content["metadata"]["name"])


def load_specs(paths: Iterable[Path]) -> list[Slo]:
    """The SLOs of these files, sorted by name; a DocumentError lists every problem as `file: path: what`."""
    problems: list[str] = []
    documents: list[_Document] = []
    for path in paths:
        try:
            found = _read(Path(path))
        except DocumentError as error:
            problems += error.problems
        else:
            documents += found
            problems += (problem for entry in found for problem in _misshapen(entry))
    problems = problems or _inconsistent(documents)
    if problems:
        raise DocumentError(problems)
    slos = [_slo(entry.content) for entry in documents if entry.kind == "SLO"]
    return sorted(slos, key=lambda slo: slo.name)


def _read(path: Path) -> list[_Document]:
    """The documents of a file; several of one kind are told apart by their number in the file."""
    found = [_Document(str(path), content) for content in document.read_documents(path)]
    kinds = [entry.kind for entry in found]
    if not found:
        raise DocumentError(f"{path}: expected an OpenSLO document, got an empty file")
    return [
        _Document(f"{path}#{number}", entry.content) if kinds.count(entry.kind) > 1 else entry
        for number, entry in enumerate(found, start=1)
    ]


def _misshapen(found: _Document) -> Iterator[str]:
    shape = document.mapping(
        {
            "apiVersion": document.one_of("openslo/v1"),
            "kind": document.one_of(*_KINDS),
            "metadata": _METADATA,
            "spec": _KINDS.get(str(found.kind), lambda _value, _path: iter(())),
        }
    )
    return (f"{found.place}: {problem}" for problem in shape(found.content, ""))


def _inconsistent(documents: list[_Document]) -> list[str]:
    """Names that clash and services that nobody declares, over all the files."""
    owners: dict[tuple[object, str], _Document] = {}
    problems = []
    for found in documents:
        owner = owners.setdefault((found.kind, found.name), found)
        if owner is not found:
            problems.append(f"{found.place}: metadata.name: {found.name!r} is taken by {owner.place}")
    for found in documents:
        if found.kind == "SLO" and ("Service", found.content["spec"]["service"]) not in owners:
            service = found.content["spec"]["service"]
            problems.append(f"{found.place}: spec.service: expected a Service document named {service!r}, got none")
    return problems


def _slo(content: Any) -> Slo:
    """The SLO of a document whose shape is right."""
    spec = content["spec"]
    ratio = spec["indicator"]["spec"]["ratioMetric"]
    return Slo(
        name=content["metadata"]["name"],
        title=content["metadata"].get("displayName", content["metadata"]["name"]),
        service=spec["service"],
        objective=Objective(
            target=Decimal(spec["objectives"][0]["target"]), period=Window(spec["timeWindow"][0]["duration"])
        ),
        bad=Selector.parse(ratio["bad"]["metricSource"]["spec"]["query"]),
        total=Selector.parse(ratio["total"]["metricSource"]["spec"]["query"]),
        policy=spec["alertPolicies"][0]["alertPolicyRef"],
    )
