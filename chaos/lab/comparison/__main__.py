"""Command `python -m chaos.lab.comparison`: our rules and Sloth's over one history, and a page on how they differ."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from chaos.errors import GameDayError, LabError
from chaos.lab.comparison import sides
from chaos.lab.comparison.bench import Bench
from chaos.lab.comparison.outcome import Outcome
from chaos.lab.comparison.shapes import shapes
from chaos.lab.comparison.table import page, summary
from chaos.lab.programs import find

FOLDER = Path("var/compare-sloth")
PAGE = Path("docs/comparison-sloth.md")
GENERATED = 1_000
RUNS = 5


def main(argv: Sequence[str] | None = None) -> int:
    """Compare: 0 where every difference is explained and every bound kept, 1 where not, 3 for a broken lab."""
    parser = argparse.ArgumentParser(prog="compare-sloth", description="Compare our rules with Sloth's.")
    parser.add_argument("--out", type=Path, default=PAGE, help="the page to write (default %(default)s)")
    options = parser.parse_args(argv)
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:7.1f} s  {line}", flush=True)

    try:
        outcome = _compare(say)
    except GameDayError as error:
        print(f"compare-sloth: {error}", file=sys.stderr)
        return error.exit_code
    options.out.write_text(page(outcome))
    say(f"page: {options.out}")
    failures = list(outcome.failures())
    for failure in failures:
        print(f"compare-sloth: {failure}", file=sys.stderr)
    print(summary(outcome))
    return 1 if failures else 0


def _compare(say: Callable[[str], None]) -> Outcome:
    shutil.rmtree(FOLDER, ignore_errors=True)
    ours, sloth = Path(sys.executable).with_name("slo"), find("sloth")
    took = _race(FOLDER / "many", ours, sloth)
    say(f"generated {GENERATED} objectives: {min(took[0]):.2f} s ours, {min(took[1]):.2f} s Sloth")
    moments, periods, prices = Bench(FOLDER, ours, sloth, shapes(), say).run()
    return Outcome(
        prometheus=_version(find("prometheus"), "--version"),
        sloth=_version(sloth, "version"),
        moments=tuple(moments),
        periods=tuple(periods),
        prices=tuple(prices),
        generated=GENERATED,
        ours_seconds=tuple(took[0]),
        sloth_seconds=tuple(took[1]),
    )


def _race(folder: Path, ours: Path, sloth: Path) -> tuple[list[float], list[float]]:
    """Seconds of each run, in turn. Each has a new folder: to overwrite a file may take longer than to make it."""
    names = [f"requests-{number:04}" for number in range(GENERATED)]
    runs = [sides.many(names, folder / str(number), ours, sloth) for number in range(RUNS)]
    pairs = [(mine.generate(), theirs.generate()) for mine, theirs in runs]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _version(program: Path, argument: str) -> str:
    """The first number with dots that a program says when asked for its version."""
    done = subprocess.run([program, argument], capture_output=True, text=True, check=False, timeout=20)
    words = f"{done.stdout} {done.stderr}".replace(",", " ").split()
    found = next((word.split("+")[0] for word in words if word[:1].isdigit() and "." in word), None)
    if found is None:
        raise LabError(f"{program.name} does not say its version")
    return found


if __name__ == "__main__":
    sys.exit(main())
