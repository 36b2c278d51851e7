"""Lives through random months: `python -m tests.agreement.play`, with AGREEMENT_MONTHS (1000) and AGREEMENT_SEED.

The last line says how many months disagreed, and by how much at most.
"""

import asyncio
import gc
import os
import random
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tests.agreement.comparison import Comparison, Verdict
from tests.agreement.life import Life
from tests.agreement.naive import GRACE, HOUR, SECOND, next_month
from tests.agreement.stack import running_stack

SEED = 20261101
TENANTS_AT_ONCE = 50
FIRST_MONTH = datetime(2026, 12, 1, tzinfo=UTC)


async def play(folder, months, seed=SEED):
    """Every other month of the calendar a group of tenants lives through one, from sign-up to invoice."""
    dice, verdict, month = random.Random(seed), Verdict(), FIRST_MONTH
    async with running_stack(folder) as stack:
        while verdict.months < months:
            group = range(min(TENANTS_AT_ONCE, months - verdict.months))
            await _live(stack, [Comparison(Life(stack, dice, month, verdict.seen), verdict) for _ in group])
            verdict.months += len(group)
            month = next_month(next_month(month))
            gc.freeze()  # the sandbox forgets nothing, and collecting all of it time and again would take seconds
    gc.unfreeze()
    return verdict


async def _live(stack, comparisons):
    """Let everything happen in the order of time, close the month and compare."""
    lives = [comparison.life for comparison in comparisons]
    acts = [act for life in lives for act in life.plot()]
    acts += [(comparison.life.end - SECOND, comparison.preview) for comparison in comparisons]
    for instant, act in sorted(acts, key=lambda each: each[0]):
        stack.move(instant)
        await act()
    end = lives[0].end
    stack.move(end + GRACE)
    await stack.move_stripe(end + GRACE)
    await asyncio.gather(*(life.send_meter_events() for life in lives))
    await stack.move_stripe(end + 2 * HOUR)
    for comparison in comparisons:
        comparison.note()
        await comparison.ledger()
        await comparison.invoice()
        await comparison.life.leave()


def main():
    months, seed = int(os.environ.get("AGREEMENT_MONTHS", "1000")), int(os.environ.get("AGREEMENT_SEED", SEED))
    with tempfile.TemporaryDirectory() as folder:
        verdict = asyncio.run(play(Path(folder), months, seed))
    for what, number in verdict.seen.most_common():
        print(f"{number:>7} {what}")
    for disagreement in verdict.disagreements:
        print(f"seed {seed}: {disagreement}")
    print(verdict)
    return 1 if verdict.disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
