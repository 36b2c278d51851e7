"""The preloaded libraries: built from their C source with whatever compiler is here, once per source and compiler."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from chaos.errors import LabError
from chaos.lab.catalogue import load
from chaos.lab.installation import ensure
from chaos.lab.programs import PROJECT, tools_folder
from chaos.lab.sources.workshop import Workshop

DURABLE, CLOCK = "durable", "clock"
_ON_PATH = ("cc", "gcc", "clang")
_FLAGS = ("-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror")
_LIBRARIES = ("-ldl", "-lpthread")
_SECONDS = 120.0


class ShimError(LabError):
    """A library could not be built; the message has what each compiler said."""


def library(name: str, environ: Mapping[str, str] = os.environ) -> Path:
    """The path of the built library `durable` or `clock`; raises ShimError."""
    source = Path(__file__).with_name(f"{name}.c")
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    target = tools_folder(environ) / "shims" / f"{name}-{digest}.so"
    if not target.exists():
        _build(source, target, environ)
    return target


def preload(*names: str) -> dict[str, str]:
    """The environment that puts libraries before all others of a program."""
    return {"LD_PRELOAD": " ".join(str(library(name)) for name in names)}


def _build(source: Path, target: Path, environ: Mapping[str, str]) -> None:
    """Try each compiler; the library appears whole, however many build it at once."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(f".{os.getpid()}")
    said = []
    for compiler in _compilers(environ):
        argv = [*compiler, *_FLAGS, "-o", str(draft), str(source), *_LIBRARIES]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=_SECONDS, check=False)
        if done.returncode == 0:
            draft.replace(target)
            return
        said.append(f"{' '.join(compiler)}: {(done.stderr.strip().splitlines() or ['no output'])[0]}")
    raise ShimError(f"{source.name} could not be built ({'; '.join(said)}); install a C compiler (apt install gcc)")


def _compilers(environ: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """Those on PATH, and last the one that comes in a Python wheel, which is fetched when it is needed."""
    for name in _ON_PATH:
        if found := shutil.which(name, path=environ.get("PATH", os.defpath)):
            yield (found,)
    yield (str(ensure(load()["zig"], Workshop(tools_folder(environ), PROJECT, environ))), "cc")
