"""The bench in short: the real service, killed and cut off from power a few times."""

import time
from datetime import UTC, datetime

import aiohttp
import pytest

from chaos.lab.durability.bench import Plan, run
from chaos.lab.durability.tenants import sign_up
from chaos.lab.durability.world import Settings, World
from chaos.lab.powerloss.aof_cuts import digests, last_increment, transaction_around
from chaos.lab.programs import find

pytestmark = [pytest.mark.lab, pytest.mark.untimed]

STRIDE = 16
"""Bytes between two cuts, so that the short form cuts in every argument of every command and not at every byte."""


def _silent(_):
    """Say nothing."""


async def test_kills_and_power_losses_take_nothing_that_was_acknowledged(tmp_path):
    plan = Plan(kills=3, power_losses=2, events=300, seed=1, pause_seconds=0.5, quiet_seconds=5, at_most_seconds=120)
    outcome = await run(plan, Settings(workers=1, lifetime_seconds=150), tmp_path, _silent)
    verdict = outcome.verdict
    assert verdict.acknowledged >= 300
    assert (verdict.lost, verdict.doubled, verdict.surplus, verdict.conflicts) == (0, 0, 0, 0)
    assert verdict.audit_clean
    assert (outcome.kills, outcome.power_losses) == (3, 2)


async def test_a_redis_that_syncs_each_second_is_seen_to_lose(tmp_path):
    plan = Plan(kills=0, power_losses=4, events=300, seed=1, pause_seconds=0.5, quiet_seconds=2, at_most_seconds=120)
    outcome = await run(plan, Settings(1, "everysec", lifetime_seconds=150), tmp_path, _silent)
    assert outcome.power_loss_bytes > 0
    assert outcome.verdict.lost > 0
    assert not outcome.verdict.holds


async def test_a_report_of_usage_is_in_the_ledger_whole_or_not_at_all(tmp_path):
    world = World(tmp_path, Settings(workers=0, lifetime_seconds=120))
    try:
        await world.up(_silent)
        await _report(world)
    finally:
        await world.down()
    data = tmp_path / "redis"
    bounds = transaction_around(last_increment(data).read_bytes(), b"cut-1")
    found = digests(find("redis"), data, [*bounds[::STRIDE], bounds[-1], bounds.stop])
    assert {found[length] for length in found if length < bounds.stop} == {found[bounds.start]}
    assert found[bounds.stop] != found[bounds.start]


async def _report(world):
    """One report of two events, by a tenant of its own."""
    events = [
        {
            "event_id": f"cut-{number}",
            "event_type": event_type,
            "value": 3,
            "timestamp": datetime.fromtimestamp(time.time(), UTC).isoformat(),
        }
        for number, event_type in enumerate(("sign_events", "verify_events"), start=1)
    ]
    async with aiohttp.ClientSession(world.base_url) as session:
        tenant = await sign_up(session, 1)
        async with session.post("/usage/report", json={"events": events}, headers=tenant.headers) as response:
            outcomes = [result["status"] for result in (await response.json())["results"]]
    assert outcomes == ["accepted", "accepted"]
