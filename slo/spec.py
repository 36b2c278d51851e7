"""Documents in, SLOs out: OpenSLO v1 and Sloth's own; all the problems of all the files are reported at once."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from slo import alerting, openslo, sloth, yamlfile
from slo.document import Problem
from slo.errors import DocumentError
from slo.model import Slo
from slo.yamlfile import Content

SPECS = Path(__file__).parent / "specs"


def load_specs(paths: Iterable[Path]) -> list[Slo]:
    """The SLOs of these files, sorted by name; a DocumentError lists every problem as `file:line: path: what`."""
    slos, problems = read_specs(paths)
    if problems:
        raise DocumentError(problems)
    return slos


def require_sound(file: str, text: str) -> None:
    """Raise a DocumentError with every problem of the documents of a file that is yet to be written."""
    problems: list[str] = []
    _slos(yamlfile.parsed(file, text), problems)
    if problems:
        raise DocumentError(problems)


def read_specs(paths: Iterable[Path]) -> tuple[list[Slo], list[str]]:
    """The SLOs that are right, sorted by name, and a line for each thing that is not."""
    problems: list[str] = []
    contents: list[Content] = []
    for path in paths:
        try:
            found = yamlfile.read(Path(path))
        except DocumentError as error:
            problems += error.problems
        else:
            contents += found
            problems += [] if found else [f"{path}:1: expected an OpenSLO or a Sloth document, got an empty file"]
    slos = _slos(contents, problems)
    return sorted(slos, key=lambda slo: slo.name), problems


def _slos(contents: list[Content], problems: list[str]) -> list[Slo]:
    """The SLOs of those documents that are right; what is wrong with the others is added to the problems."""
    documents = openslo.Documents()
    right = [content for content in contents if not _refused(content, _misshapen(content), problems)]
    for content in contents:
        _refused(content, _registered(content, documents), problems)
    parts = [content for content in contents if not _is_slo(content)]
    shaped = [part for part in right if not _is_slo(part)]
    wrong = [part for part in shaped if _refused(part, _unresolved(part, documents), problems)]
    sound = len(shaped) == len(parts) and not wrong
    slos: list[Slo] = []
    owners: dict[str, tuple[str, str]] = {}
    for content in (content for content in right if _is_slo(content)):
        # What refers to a document that is wrong cannot be judged.
        if (not sound and _refers(content.value)) or _refused(content, _unresolved(content, documents), problems):
            continue
        for path, slo in _described(content, documents):
            place = content.place(path)
            owner = owners.setdefault(slo.name, (place, path))
            if owner != (place, path):
                problems.append(f"{place}: {path}: {slo.name!r} is taken by {owner[0]}")
            slos.append(replace(slo, place=f"{place}: {path}"))
    return slos


def _is_slo(content: Content) -> bool:
    value = content.value
    return sloth.is_sloth(value) or (isinstance(value, dict) and value.get("kind") == "SLO")


def _refers(value: Any) -> bool:
    """Whether an SLO needs other documents than its service."""
    return any(
        f"{kind}Ref'" in repr(value.get("spec")) for kind in ("indicator", "alertPolicy", "condition", "metricSource")
    )


def _refused(content: Content, found: Iterable[Problem], problems: list[str]) -> bool:
    """Whether the document has problems; they are added to the others, each with its place."""
    ordered = sorted(found, key=lambda problem: content.line(problem.path))
    problems += [f"{content.place(problem.path)}: {problem}" for problem in ordered]
    return bool(ordered)


def _misshapen(content: Content) -> Iterator[Problem]:
    value = content.value
    if sloth.is_sloth(value):
        return sloth.shape(value, "")
    return openslo.shape(value.get("kind") if isinstance(value, dict) else None)(value, "")


def _registered(content: Content, documents: openslo.Documents) -> Iterator[Problem]:
    """Enter a document under its kind and name, even where it is not right: others may rightly refer to it."""
    value = content.value
    if not isinstance(value, dict) or not isinstance(value.get("metadata"), dict):
        return
    key = (str(value.get("kind")), str(value["metadata"].get("name")))
    owner = documents.found.setdefault(key, content)
    if owner is not content:
        yield Problem("metadata.name", f"{key[1]!r} is taken by {owner.place('metadata.name')}")


def _unresolved(content: Content, documents: openslo.Documents) -> Iterator[Problem]:
    value = content.value
    kind = value.get("kind")
    if kind == "Service" or sloth.is_sloth(value):
        return
    if kind == "SLO":
        yield from openslo.inconsistent(value, documents)
    elif kind == "SLI":
        yield from openslo.sources(value["spec"], "spec", documents)
    elif kind == "AlertPolicy":
        yield from alerting.misnamed(value["metadata"], "metadata")
        yield from alerting.unresolved_parts(value["spec"], "spec", documents.spec)
    elif kind == "AlertCondition":
        yield from alerting.contradictory(value, "")


def _described(content: Content, documents: openslo.Documents) -> Iterator[tuple[str, Slo]]:
    """The SLOs of a document, each with the path of its objective."""
    value = content.value
    if sloth.is_sloth(value):
        yield from ((f"slos[{number}].objective", slo) for number, slo in enumerate(sloth.slos(value)))
    elif value["kind"] == "SLO":
        found = openslo.slos(value, documents)
        yield from ((f"spec.objectives[{number}]", slo) for number, slo in enumerate(found))
