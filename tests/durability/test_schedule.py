"""Schedules of faults."""

from collections import Counter

import pytest

from chaos.lab.durability.schedule import KILLS, LEASE_SECONDS, STRIPE, Kind, draw


def test_a_seed_gives_the_same_schedule_and_another_seed_another():
    assert draw(7, 20, 5) == draw(7, 20, 5)
    assert draw(7, 20, 5) != draw(8, 20, 5)


def test_kills_and_power_losses_are_exactly_as_many_as_asked_for():
    counts = Counter(fault.kind for fault in draw(1, 200, 50))
    assert sum(counts[kind] for kind in KILLS) == 200
    assert counts[Kind.POWER_LOSS] == 50
    assert set(counts) == set(Kind)
    assert all(counts[kind] >= 10 for kind in (*STRIPE, Kind.HANG_WORKER, Kind.CLOCK_STEP))


def test_a_hang_outlasts_the_lease_and_all_else_is_short():
    for fault in draw(3, 100, 10, pause_seconds=0.5):
        assert (fault.seconds > LEASE_SECONDS) == (fault.kind is Kind.HANG_WORKER)
        assert fault.seconds <= LEASE_SECONDS + 5
        assert 0 <= fault.pause_seconds <= 1


@pytest.mark.parametrize("kills", [0, 1])
def test_few_kills_make_few_faults(kills):
    assert len(draw(1, kills, 0)) == 4 * kills
