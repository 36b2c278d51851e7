"""Two workers, one of them stopped, killed or misled at any moment: every billed unit reaches Stripe once.

SIMULATION_SCHEDULES sets how many schedules are run, SIMULATION_SEED the first one.
"""

import os
from collections import Counter

import pytest

from tests.simulation.bench import run
from tests.simulation.schedule import draw, shrink
from tests.simulation.violation import Violation

SCHEDULES = int(os.environ.get("SIMULATION_SCHEDULES", "200"))
FIRST_SEED = int(os.environ.get("SIMULATION_SEED", "0"))


def breaks(schedule):
    try:
        run(schedule)
    except Violation:
        return True
    return False


def test_no_schedule_loses_or_doubles_anything():
    endings = Counter()
    for seed in range(FIRST_SEED, FIRST_SEED + SCHEDULES):
        schedule = draw(seed)
        try:
            endings += run(schedule).world.ledger.endings
        except Violation as violation:
            pytest.fail(f"seed {seed}: {violation}\n{shrink(schedule, breaks)}", pytrace=False)
    assert {"sent", "duplicate", "reconciled", "afresh", "refused: resource_missing"} <= set(+endings)


def test_a_run_follows_from_its_seed():
    first, second = (run(draw(7)).world for _ in range(2))
    assert (first.stripe.counted, first.ledger.endings) == (second.stripe.counted, second.ledger.endings)
    assert first.ledger.written == second.ledger.written
