"""`make panels`: a lab under load, and what every panel of every board shows there."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from chaos.errors import GameDayError
from chaos.lab.stack import Lab
from chaos.lab.under_load import RATE_INTERVAL, in_lab
from chaos.progress import Progress
from chaos.run_folder import RunFolder
from dashboards_as_code import boards, report, sources
from dashboards_as_code.errors import DashboardError
from dashboards_as_code.live import Question, fillings
from dashboards_as_code.model import Board

AT_MOST_SECONDS = 60.0
"""For the first samples to arrive everywhere; the slowest duty of a worker takes half a minute."""
_LOOKBACK = timedelta(seconds=30)
_PACE_SECONDS = 5.0


async def judge(root: Path, built: Sequence[Board], progress: Progress) -> int:
    """Wait until every panel shows something, but not for ever, and print what each shows; 1 if one is empty."""

    async def act(lab: Lab, _: RunFolder) -> int:
        question = Question(lab.parts.url("prometheus"), _LOOKBACK, RATE_INTERVAL)
        await asyncio.to_thread(_await_filled, built, question, progress)
        return await asyncio.to_thread(report.live, built, question)

    return await in_lab(root, progress, act)


def _await_filled(built: Sequence[Board], question: Question, progress: Progress) -> None:
    end = time.monotonic() + AT_MOST_SECONDS
    time.sleep(_LOOKBACK.total_seconds() / 2)
    while empty := sum(bool(one.empty) for one in fillings(built, question)):
        progress(f"{empty} panels are empty yet")
        if time.monotonic() > end:
            return
        time.sleep(_PACE_SECONDS)


def main() -> int:
    """0 if no panel is empty, 1 if one is, 3 if the lab does not hold."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return asyncio.run(judge(Path(folder) / "run", boards.build(sources.load()), Progress()))
        except (GameDayError, DashboardError) as error:
            print(f"panels: {error}", file=sys.stderr)
            return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
