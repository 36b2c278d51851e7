"""The folder in which programs are fetched and built, and what every source needs to work in it."""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from chaos.lab import steps


class NotHere(Exception):
    """A source doesn't exist on this kind of machine, as Debian's packages don't on macOS."""


@dataclass(frozen=True)
class Workshop:
    """The tools folder, the project's root, and the environment in which child processes run."""

    tools: Path
    project: Path
    environ: Mapping[str, str]

    def first_on_path(self, folder: Path) -> "Workshop":
        """The same workshop, where the programs of this folder come before all others."""
        path = f"{folder}{os.pathsep}{self.environ.get('PATH', '')}"
        return replace(self, environ={**self.environ, "PATH": path})

    def empty_folder(self, *parts: str) -> Path:
        """A folder under the tools folder, emptied of what an interrupted run left in it."""
        folder = self.tools.joinpath(*parts)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def run(
        self,
        title: str,
        argv: Sequence[str | Path],
        folder: Path,
        extra: Mapping[str, str] | None = None,
    ) -> Path:
        """Run one step in a folder; returns its log, named after the part of the title before the colon."""
        log = self.tools / "log" / f"{title.split(':', 1)[0]}.log"
        steps.run(steps.Step(title, argv, log, {**self.environ, **(extra or {})}, folder))
        return log

    def link(self, file: Path, name: str) -> Path:
        """Put a program into the tools' `bin`, in one move, so that nobody ever sees half of it there."""
        target = self.tools / "bin" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.path.relpath(file, target.parent))
        fresh.replace(target)
        return target
