"""Command `python -m chaos.lab.suites`: promtool plays every committed test of the SLOs' rules."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from chaos.errors import GameDayError, LabError
from chaos.lab.programs import find
from slo.output import GENERATED

_SECONDS = 300


def main() -> int:
    """Play all of them: 0 where all pass, 1 where one fails."""
    try:
        suites = sorted(GENERATED.glob("*.test.yaml"))
        failed = _failed(find("promtool"), suites)
    except GameDayError as error:
        print(f"slo-test: {error}", file=sys.stderr)
        return error.exit_code
    print(f"suites={len(suites)} failed={failed}")
    return 1 if failed or not suites else 0


def _failed(promtool: Path, suites: Sequence[Path]) -> int:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        passed = list(pool.map(lambda suite: _passes(promtool, suite), suites))
    return passed.count(False)


def _passes(promtool: Path, suite: Path) -> bool:
    try:
        done = subprocess.run(
            [promtool, "test", "rules", suite], capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{suite.name} took longer than {_SECONDS} s") from error
    print(f"{suite.name}: {'passes' if done.returncode == 0 else done.stdout + done.stderr}", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
