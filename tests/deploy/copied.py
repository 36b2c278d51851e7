"""What a Dockerfile takes from the project, put where the build would see it."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

from chaos.lab.programs import PROJECT

_COPY = re.compile(r"^COPY (?!--from)(.+)$", re.MULTILINE)


def copies(dockerfile: str) -> Iterator[tuple[list[str], str]]:
    """The sources and the target of each COPY from the project."""
    for found in _COPY.findall((PROJECT / "deploy" / dockerfile).read_text()):
        *sources, target = shlex.split(found)
        yield sources, target


def copy_into(folder: Path, dockerfile: str) -> Path:
    """Do what the COPY lines say, below `folder`."""
    for sources, target in copies(dockerfile):
        for source in sources:
            into = folder / target.lstrip("/")
            if target.endswith("/"):
                into = into / Path(source).name
            into.parent.mkdir(parents=True, exist_ok=True)
            _copy(PROJECT / source, into)
    return folder


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)
