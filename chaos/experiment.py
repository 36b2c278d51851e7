"""Experiment files: Chaos Toolkit experiments that carry their alert contract in the extension `gameday`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from chaos.errors import UserMistake

FOLDER = Path(__file__).parent / "experiments"
EXTENSION = "gameday"


@dataclass(frozen=True)
class Contract:
    """What the experiment promises.

    The page `alert` fires for the pair with this nominal long window; those of `also` may fire, as they watch the same
    requests; no other alert fires. The service is back within `mttr_seconds`; `good_requests` successes in a row count
    as back.
    """

    slo: str
    arrivals_per_second: float
    tenants: int
    alert: str
    severity: str
    long_window: str
    also: tuple[str, ...]
    mttr_seconds: float
    good_requests: int


@dataclass(frozen=True)
class Experiment:
    """A loaded experiment: its name, the Chaos Toolkit document and the contract in it."""

    name: str
    title: str
    document: dict[str, Any]
    contract: Contract


def available() -> list[str]:
    """Names of the experiments that ship with the project."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load_experiment(name_or_path: str) -> Experiment:
    """By name, or from a path that ends in .yaml; UserMistake names what is wrong and where."""
    is_path = name_or_path.endswith((".yaml", ".yml"))
    path = Path(name_or_path) if is_path else FOLDER / f"{name_or_path}.yaml"
    if not path.is_file():
        known = f"a file, or one of: {', '.join(available())}"
        raise UserMistake(f"unknown experiment {name_or_path!r}; expected {known}")
    try:
        document = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise UserMistake(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    fields = Fields(document, str(path))
    return Experiment(path.stem, fields.text("title"), document, _contract(fields))


def _contract(fields: Fields) -> Contract:
    extension = fields.extension(EXTENSION)
    load, expect, targets = (extension.part(name) for name in ("load", "expect", "targets"))
    return Contract(
        slo=extension.text("slo"),
        arrivals_per_second=load.number("arrivals_per_second"),
        tenants=int(load.number("tenants")),
        alert=expect.text("alert"),
        severity=expect.text("severity"),
        long_window=expect.text("long_window"),
        also=extension.texts("also"),
        mttr_seconds=targets.number("mttr_seconds"),
        good_requests=int(targets.number("good_requests")),
    )


@dataclass(frozen=True)
class Fields:
    """A mapping that knows where it stands in the file, for errors that say so."""

    mapping: Any
    path: str

    def _get(self, name: str, expected: str, kinds: tuple[type, ...]) -> Any:
        value = self.mapping.get(name) if isinstance(self.mapping, Mapping) else None
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise UserMistake(f"{self.path}: {name}: expected {expected}, found {value!r}")
        return value

    def text(self, name: str) -> str:
        return str(self._get(name, "a text", (str,)))

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty where there is none."""
        if isinstance(self.mapping, Mapping) and name not in self.mapping:
            return ()
        found = self._get(name, "a list of texts", (list,))
        if not all(isinstance(one, str) and one for one in found):
            raise UserMistake(f"{self.path}: {name}: expected a list of texts, found {found!r}")
        return tuple(found)

    def number(self, name: str) -> float:
        value = float(self._get(name, "a number above 0", (int, float)))
        if value <= 0:
            raise UserMistake(f"{self.path}: {name}: expected a number above 0, found {value:g}")
        return value

    def part(self, name: str) -> Fields:
        return Fields(self._get(name, "a mapping", (dict,)), f"{self.path}: {name}")

    def extension(self, name: str) -> Fields:
        for index, one in enumerate(self._get("extensions", "a list", (list,))):
            if isinstance(one, dict) and one.get("name") == name:
                return Fields(one, f"{self.path}: extensions[{index}]")
        raise UserMistake(f"{self.path}: extensions: expected one with the name {name!r}")
