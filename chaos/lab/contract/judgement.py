"""Whether what is used is emitted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chaos.lab.contract.uses import Needs, Use, orphans
from service.telemetry.registry import Registry

NAME = "__name__"
Labels = Mapping[str, str]


@dataclass(frozen=True)
class Judgement:
    """`missing` is used and not emitted; `orphans` are in the registry and used by nobody."""

    used: int
    emitted: int
    orphans: tuple[str, ...]
    missing: tuple[Use, ...]

    @property
    def holds(self) -> bool:
        return not self.orphans and not self.missing

    def __str__(self) -> str:
        return f"used={self.used} emitted={self.emitted} orphans={len(self.orphans)} missing={len(self.missing)}"


def judge(found: Needs, live: Iterable[Labels], registry: Registry) -> Judgement:
    """Compare what is needed with the series that there are, each given with its name as `__name__`."""
    there = {use for series in live for use in _of_series(series)}
    missing = tuple(sorted(use for use in found.uses if use not in there))
    return Judgement(len(found.uses), len(found.uses) - len(missing), tuple(orphans(registry, found)), missing)


def _of_series(series: Labels) -> Iterable[Use]:
    metric = series[NAME]
    yield Use(metric)
    for label, value in series.items():
        if label != NAME and value:
            yield Use(metric, label)
            yield Use(metric, label, value)
