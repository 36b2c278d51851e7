"""`python -m tests.lifecycle.play SEEDS`: live one orderly life and SEEDS with doubled and shuffled webhooks."""

import asyncio
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.lifecycle.life import LIFE, Tenant
from tests.lifecycle.world import created

SIDE_BY_SIDE = 16
"""So many tenants act at the same time."""
DELIVERIES_BETWEEN_WORK = 3


@dataclass(frozen=True)
class Played:
    """How the lives went; `divergent` names seed and phase, `facts` counts the audit entries of the orderly life."""

    seeds: int
    deliveries: int
    divergent: list
    facts: int
    seconds: float

    def summary(self):
        return (
            f"seeds={self.seeds} phases={len(LIFE)} divergent={len(self.divergent)} deliveries={self.deliveries} "
            f"facts={self.facts} seconds={self.seconds:.1f}"
        )


async def play(folder, seeds):
    """All lives side by side at the same times, so that they can be compared to the second."""
    started = time.monotonic()
    async with created(folder) as world:
        await world.control("settings", {"after_last_retry": "past_due"})
        orderly, *shuffled = tenants = [Tenant(world, seed) for seed in (None, *range(seeds))]
        deliveries = 0
        for phase in LIFE:
            deliveries += await _live_through(world, phase, tenants)
        facts = await _each(tenants, Tenant.facts)
        divergent = [
            (tenant.seed, phase.name)
            for tenant in shuffled
            for phase in LIFE
            if tenant.standings[phase.name] != orderly.standings[phase.name]
        ]
        divergent += [(tenant.seed, "audit") for tenant, found in zip(tenants, facts, strict=True) if found != facts[0]]
        return orderly, facts, Played(seeds, deliveries, divergent, facts[0].total(), time.monotonic() - started)


async def _live_through(world, phase, tenants):
    if phase.at is not None:
        await world.move_to(phase.at)
    await _each(tenants, phase.act)
    await world.control("webhooks/flush", {})
    mail = [tenant.mail() for tenant in tenants]
    if phase.by_webhooks:
        await _deliver(world, mail)
    else:
        await world.review()
    await _each(tenants, phase.check)
    await _each(tenants, lambda tenant: tenant.stand(phase))
    if not phase.by_webhooks:
        await _deliver(world, mail)
    return sum(len(events) for events in mail)


async def _deliver(world, mail):
    """One event of each tenant after the other; the worker is at work in between."""
    for number in range(max(len(events) for events in mail)):
        await _each([events[number] for events in mail if number < len(events)], lambda copy: world.deliver(*copy))
        if number % DELIVERIES_BETWEEN_WORK == 0:
            await world.work()
    await world.work()


async def _each(things, act):
    gate = asyncio.Semaphore(SIDE_BY_SIDE)

    async def guarded(thing):
        async with gate:
            return await act(thing)

    return await asyncio.gather(*(guarded(thing) for thing in things))


def main(arguments):
    if len(arguments) != 1 or not arguments[0].isdecimal():
        print("play: expected one argument, the number of seeds", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        orderly, _, played = asyncio.run(play(Path(folder), int(arguments[0])))
    for name, standing in orderly.standings.items():
        print(f"{name:<20} {standing['status']}/{standing['dunning']} {standing['plan']}")
    for seed, phase in played.divergent:
        print(f"divergent: seed {seed} in {phase}")
    print(played.summary())
    return 1 if played.divergent else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
