"""A fault and what the boards must show of it, both from the experiment's file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from chaos.errors import UserMistake
from chaos.experiment import FOLDER, Fields

EXTENSION = "panels"
RESTLESS = Path(__file__).with_name("restless.yaml")
FOLDERS = (FOLDER / "panels", FOLDER)
"""Faults that make a mistake visible first, then those that are GameDays as well."""


@dataclass(frozen=True)
class Expectation:
    """Panels, as "board: title" with `*` for anything: those that must move, and those of which nothing is said.

    What must move is never among the others. All others must not move.
    """

    move: tuple[str, ...]
    may: tuple[str, ...]

    def must_move(self, panel: str) -> bool:
        return _matches(panel, self.move)

    def may_move(self, panel: str) -> bool:
        return _matches(panel, self.may)

    def unknown(self, panels: Sequence[str]) -> list[str]:
        """Patterns that name no panel."""
        return [one for one in (*self.move, *self.may) if not any(fnmatchcase(panel, one) for panel in panels)]


@dataclass(frozen=True)
class Fault:
    """A Chaos Toolkit experiment that injects, confirms, holds and undoes one fault."""

    name: str
    title: str
    document: dict[str, Any]
    expectation: Expectation


def load_faults(names: Iterable[str] = ()) -> list[Fault]:
    """Those of all experiments that say what the boards show; UserMistake for an unknown name or a broken file."""
    paths = {path.stem: path for folder in FOLDERS for path in sorted(folder.glob("*.yaml"))}
    known = {name: fault for name, path in paths.items() if (fault := _fault(path))}
    for name in names:
        if name not in known:
            raise UserMistake(f"unknown fault {name!r}; expected one of: {', '.join(known)}")
    return [known[name] for name in names] or list(known.values())


def restless() -> Iterator[str]:
    """Panels of which nothing is said whatever the fault."""
    for entry in yaml.safe_load(RESTLESS.read_text()):
        yield from entry["panels"]


def _fault(path: Path) -> Fault | None:
    document = yaml.safe_load(path.read_text())
    if not any(one.get("name") == EXTENSION for one in document.get("extensions", ())):
        return None
    fields = Fields(document, str(path))
    said = fields.extension(EXTENSION)
    hold = said.number("hold_seconds") if "hold_seconds" in said.mapping else 0.0
    expectation = Expectation(said.texts("move"), (*said.texts("may"), *restless()))
    return Fault(path.stem, fields.text("title"), _held(document, hold), expectation)


def _held(document: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The experiment up to the first probe after its action, with a pause before the rollbacks."""
    method = document["method"]
    first = next((place for place, one in enumerate(method) if one["type"] == "probe"), len(method) - 1)
    *before, last = method[: first + 1]
    held = {**last, "pauses": {"after": seconds}} if seconds else last
    kept = {key: document[key] for key in ("version", "title", "description", "rollbacks")}
    return {**kept, "method": [*before, held]}


def _matches(panel: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(panel, pattern) for pattern in patterns)
