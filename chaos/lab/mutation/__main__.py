"""`make mutation`: inject faults, and see on which panels they show."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from chaos.errors import GameDayError, UserMistake
from chaos.lab.mutation import run
from chaos.lab.mutation.fault import Fault, load_faults
from chaos.lab.mutation.judgement import Finding, judge
from chaos.lab.mutation.shift import THRESHOLD
from chaos.progress import Progress
from dashboards_as_code import boards, sources
from dashboards_as_code.model import Board

OUT = Path("var/mutation")


def main() -> int:
    """0 if every fault was seen and nothing else moved; 1 with a line for each failure; 2 for a mistake."""
    parser = argparse.ArgumentParser(prog="mutation", description="Whether the boards show faults, and only those.")
    parser.add_argument("--faults", default="", metavar="NAME,NAME", help="default: all")
    arguments = parser.parse_args()
    try:
        return _run([name for name in arguments.faults.split(",") if name])
    except GameDayError as error:
        print(f"mutation: {error}", file=sys.stderr)
        return error.exit_code


def _run(names: Sequence[str]) -> int:
    faults, built = load_faults(names), boards.build(sources.load())
    _reject_unknown(faults, built)
    shutil.rmtree(OUT, ignore_errors=True)
    record = asyncio.run(run.record(faults, built, OUT.absolute(), Progress()))
    findings = judge(faults, record.episodes, record.readings, run.LAG_SECONDS)
    for finding in findings:
        _tell(finding)
    seen, false = sum(one.is_seen for one in findings), sum(len(one.false) for one in findings)
    print(f"faults={len(findings)} seen={seen} false={false}")
    return 0 if seen == len(findings) and not false else 1


def _reject_unknown(faults: Sequence[Fault], built: Sequence[Board]) -> None:
    panels = [f"{board.uid}: {panel.title}" for board in built for panel in board.panels()]
    for fault in faults:
        for pattern in fault.expectation.unknown(panels):
            raise UserMistake(f"{fault.name}: {pattern!r} names no panel; expected one such as {panels[0]!r}")


def _tell(finding: Finding) -> None:
    print(f"{finding.fault}: {len(finding.expected)} panels must move, {finding.resting} must not")
    for panel, z in sorted(finding.expected.items(), key=lambda one: one[1]):
        print(f"  {z:6.1f}  {panel}{'' if z >= THRESHOLD else '  NOT SEEN'}")
    for panel, z in sorted(finding.false.items(), key=lambda one: -one[1]):
        print(f"  {z:6.1f}  {panel}  MOVED")


if __name__ == "__main__":
    sys.exit(main())
