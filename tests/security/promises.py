"""What the project promises about security, as promises.yaml lists it, and whether a run of the tests proves it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

LIST = Path(__file__).with_name("promises.yaml")
FIGURE = "figure of "


@dataclass(frozen=True)
class Promise:
    """`tests` are node ids; one without brackets means all its cases. `counted` says what each passed case is one of,
    where the figure is their number and no test reports another.
    """

    id: str
    source: str
    words: str
    tests: tuple[str, ...]
    counted: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of one test, and what it reported, by promise."""

    node: str
    passed: bool
    figures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Judgement:
    """`figure` where it is proven, else `lack`: what is missing."""

    promise: Promise
    figure: str = ""
    lack: str = ""

    @property
    def proven(self) -> bool:
        return not self.lack


def load(path: Path = LIST) -> tuple[Promise, ...]:
    """Read the list; an unknown or a missing field is an error, and so is an id that is used twice."""
    promises = tuple(
        Promise(source=section["source"], **{**entry, "tests": tuple(entry["tests"])})
        for section in yaml.safe_load(path.read_text())
        for entry in section["promises"]
    )
    twice = {one.id for one in promises if sum(one.id == other.id for other in promises) > 1}
    if twice:
        raise ValueError(f"{path}: ids used twice: {sorted(twice)}")
    return promises


def judge(promise: Promise, outcomes: Iterable[Outcome]) -> Judgement:
    """Proven is what has a test, each of its tests run and passed, none skipped, and a figure."""
    if not promise.tests:
        return Judgement(promise, lack="no test is named")
    cases = {test: [one for one in outcomes if belongs(one.node, test)] for test in promise.tests}
    for test, found in cases.items():
        if not found:
            return Judgement(promise, lack=f"{test} did not run")
        failed = [one.node for one in found if not one.passed]
        if failed:
            return Judgement(promise, lack=f"{failed[0]} did not pass")
    passed = [one for found in cases.values() for one in found]
    figures = list(dict.fromkeys(one.figures[promise.id] for one in passed if promise.id in one.figures))
    if promise.counted:
        figures.append(f"{len(passed)} {promise.counted}")
    return Judgement(promise, figure="; ".join(figures), lack="" if figures else "no test reported its figure")


def belongs(node: str, test: str) -> bool:
    return node == test or node.startswith(f"{test}[")
