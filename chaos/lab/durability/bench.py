"""One run of the bench: load and faults together, then drain, then count."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chaos.errors import InvalidRun, LabError
from chaos.guarding import guarded
from chaos.lab.durability import schedule
from chaos.lab.durability.clients import Client, Draws, real_time_plus, session_to
from chaos.lab.durability.faults import Faults
from chaos.lab.durability.records import Records
from chaos.lab.durability.tenants import Tenant, open_tenants
from chaos.lab.durability.verdict import Verdict, differences
from chaos.lab.durability.world import Say, Settings, World
from chaos.lab.parts import billing
from chaos.lab.processes import Command, Running

_CLOSING_SECONDS = 3 * 3600.0
"""How far all clocks move on at the end, so that the last hour is closed and due."""
_SETTLE_SECONDS = 3.0
_PACE_SECONDS = 1.0
_AUDIT_SECONDS = 300.0
_PULSE_SECONDS = 5.0
_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Plan:
    """How long and how hard; the load ends when all faults are done and `events` are acknowledged.

    Without anything new at Stripe for `quiet_seconds`, nothing more is coming.
    """

    kills: int
    power_losses: int
    events: int
    seed: int
    events_per_second: float = 400.0
    clients: int = 8
    tenants: int = 6
    pause_seconds: float = 1.0
    quiet_seconds: float = 60.0
    at_most_seconds: float = 3600.0


@dataclass(frozen=True)
class Outcome:
    """What the run found, and what it did to find it."""

    verdict: Verdict
    kills: int
    power_losses: int
    faults: dict[str, int]
    answers: dict[str, int]
    refused: int
    power_loss_bytes: int
    start_seconds: dict[str, float]
    seconds: float


async def run(plan: Plan, settings: Settings, folder: Path, say: Say) -> Outcome:
    """Run in an empty folder; LabError if the lab did not hold, InvalidRun if it did not get to a verdict."""
    began = time.monotonic()
    world, records = World(folder, settings), Records(folder, plan.events)
    faults = Faults(world, plan.seed, say)
    try:
        await world.up(say)
        async with asyncio.timeout(plan.at_most_seconds):
            answers = await _load(plan, world, records, faults, say)
            await _drain(world, records, plan.quiet_seconds, say)
            verdict = await _judge(world, records, folder, answers["conflict"])
    except TimeoutError as error:
        raise InvalidRun(f"no verdict after {plan.at_most_seconds:g} s; see {folder}") from error
    finally:
        records.close()
        await world.down()
    return Outcome(
        verdict=verdict,
        kills=faults.kills,
        power_losses=faults.power_losses,
        faults={kind.value: count for kind, count in faults.done.items()},
        answers=dict(answers),
        refused=records.refused_count,
        power_loss_bytes=faults.bytes_lost,
        start_seconds=world.start_seconds(),
        seconds=time.monotonic() - began,
    )


async def _load(plan: Plan, world: World, records: Records, faults: Faults, say: Say) -> Counter[str]:
    """Clients report while the faults strike; returns what they were answered."""
    tenants = await open_tenants(world, plan.tenants)
    stopping = asyncio.Event()
    now, run_id = real_time_plus(lambda: world.ahead_seconds), uuid.uuid4().hex[:8]
    async with session_to(world.base_url) as session:
        clients = [Client(session, Draws(plan.seed + number, run_id, now), records) for number in range(plan.clients)]
        reporting = asyncio.gather(*(_report(client, plan, tenants, stopping) for client in clients))
        try:
            await guarded(_strike(plan, records, faults), _pulse(records, say), _alive(reporting))
            stopping.set()
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await reporting
        finally:
            reporting.cancel()
    return sum((client.answers for client in clients), Counter[str]())


async def _report(client: Client, plan: Plan, tenants: Sequence[Tenant], stopping: asyncio.Event) -> None:
    await client.report(tenants, plan.events_per_second / plan.clients, stopping)


async def _alive(reporting: asyncio.Future[list[None]]) -> None:
    """Raise what a client dies of; the clients themselves go on when nobody watches any more."""
    await asyncio.shield(reporting)


async def _strike(plan: Plan, records: Records, faults: Faults) -> None:
    await faults.strike(schedule.draw(plan.seed, plan.kills, plan.power_losses, plan.pause_seconds))
    await records.enough.wait()


async def _pulse(records: Records, say: Say) -> None:
    """Show every few seconds how far the load is; until cancelled."""
    while True:
        await asyncio.sleep(_PULSE_SECONDS)
        say(f"load: {records.acknowledged_count} events acknowledged, {records.refused_count} refused")


async def _drain(world: World, records: Records, quiet_seconds: float, say: Say) -> None:
    """Close the last hour and wait until Stripe has all that was acknowledged, or gets nothing more."""
    await world.travel(world.ahead_seconds + _CLOSING_SECONDS)
    least, before = records.least(), await world.stripe.billed()
    say(f"drain: {before.total()} of at least {least.total()} units at Stripe")
    changed = time.monotonic()
    while True:
        await asyncio.sleep(_PACE_SECONDS)
        billed = await world.stripe.billed()
        if billed != before:
            before, changed = billed, time.monotonic()
            say(f"drain: {billed.total()} of at least {least.total()} units at Stripe")
        quiet = time.monotonic() - changed
        if quiet > quiet_seconds or (quiet > _SETTLE_SECONDS and billed >= least):
            return


async def _judge(world: World, records: Records, folder: Path, conflicts: int) -> Verdict:
    code, audit = await _audit(world, records, folder)
    found = differences(records.least(), await world.stripe.billed(), records.most())
    return Verdict(
        acknowledged=records.acknowledged_count,
        lost=audit["lost"],
        doubled=audit["doubled"],
        differences=tuple(found),
        audit_clean=code == 0,
        conflicts=conflicts,
    )


async def _audit(world: World, records: Records, folder: Path) -> tuple[int, dict[str, int]]:
    """The service's own word on its ledger; LabError if it has none."""
    log = folder / "audit.json"
    argv = (billing(), "audit", "--acknowledged", str(records.acknowledged_file), "--output", "json")
    running = await Running.start(Command("audit", argv, log, world.audit_environment(), ends=True), world.lab_id)
    code = await running.wait(_AUDIT_SECONDS)
    await running.stop()
    text = await asyncio.to_thread(log.read_text)
    if code not in (0, 1):
        raise LabError(f"billing audit ended with {code}: {text[-300:]}")
    document: dict[str, int] = json.loads(text)
    return code, document
