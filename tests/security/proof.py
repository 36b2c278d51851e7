"""Command `python -m tests.security.proof`: run the tests behind each promise of security, and say what they prove."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.security.promises import FIGURE, LIST, Judgement, Outcome, Promise, judge, load

REPORT = Path("var/security/promises.txt")
WIDTH = 48


@dataclass
class Witness:
    """A pytest plugin that writes down what became of each test; a skipped one has not passed."""

    phases: dict[str, list[str]] = field(default_factory=dict)
    figures: dict[str, dict[str, str]] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.phases.setdefault(report.nodeid, []).append(report.outcome)
        reported = {name.removeprefix(FIGURE): value for name, value in report.user_properties}
        self.figures.setdefault(report.nodeid, {}).update(reported)

    def outcomes(self) -> list[Outcome]:
        """A test has passed if its set-up, its call and its tear-down did."""
        whole = ["passed"] * 3
        return [Outcome(node, phases == whole, self.figures[node]) for node, phases in self.phases.items()]


def run(promises: Sequence[Promise], arguments: Sequence[str] = ()) -> list[Judgement]:
    """Run each test once, however many promises rest on it."""
    witness = Witness()
    nodes = dict.fromkeys(test for promise in promises for test in promise.tests)
    code = pytest.main(["-q", "--no-header", "-p", "no:cacheprovider", *arguments, *nodes], plugins=[witness])
    outcomes = witness.outcomes()
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and not outcomes:
        print("no test ran: a node id of the list does not exist", file=sys.stderr)
    return [judge(promise, outcomes) for promise in promises]


def render(judgements: Iterable[Judgement]) -> str:
    """A table by section, with the last line `promises=N proven=N`."""
    sections: dict[str, list[Judgement]] = {}
    for one in judgements:
        sections.setdefault(one.promise.source, []).append(one)
    lines = [line for source, found in sections.items() for line in ("", source, *map(_row, found))]
    every = [one for found in sections.values() for one in found]
    return "\n".join([*lines, "", f"promises={len(every)} proven={sum(one.proven for one in every)}"])


def _row(one: Judgement) -> str:
    mark, said = ("proven", one.figure) if one.proven else ("NOT PROVEN", one.lack)
    tests = "".join(f"\n{'':14}{test}" for test in one.promise.tests)
    return f"  {mark:<11} {one.promise.id}: {one.promise.words}\n{'':14}= {said}{tests}"


def main(arguments: Sequence[str] = ()) -> int:
    """0 if every promise is proven, else 1."""
    judgements = run(load(LIST), list(arguments))
    table = render(judgements)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(table + "\n")
    print(table)
    return 0 if judgements and all(one.proven for one in judgements) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
