"""Runs a schedule against the service's own duties, and judges what came of it."""

import asyncio
import tempfile
from collections import Counter
from pathlib import Path

from service.archive.reader import ArchiveDamagedError, read_archive
from service.archive.segments import SUFFIX, SegmentWriter, shard_folder
from service.domain.c2pa_facts import EventType
from service.metering.archiver import ArchiveDuty
from service.metering.delivery import AMBIGUOUS, Courier
from service.metering.meters import Meters
from service.metering.rate import Rate
from service.metering.sealer import SealDuty
from service.metering.sender import SendDuty
from service.metering.shares import Shares
from service.telemetry.pipeline import create_resource, create_telemetry
from service.worker.duty import fulfil
from tests.simulation.ledger_model import LedgerSeen
from tests.simulation.schedule import LENGTH_SECONDS, WORKERS
from tests.simulation.stripe_model import GatewaySeen
from tests.simulation.violation import Violation
from tests.simulation.virtual_time import run_virtually
from tests.simulation.world import Incarnation, Killed, World

LEASE_SECONDS = 8.0
GRACE_SECONDS = 900
SHARDS = (0, 1)
DRAIN_SECONDS = 600.0
SEGMENT_BYTES = 1500
TELEMETRY = create_telemetry(create_resource("test", "test"), [], [])
INSTRUMENTS = TELEMETRY.instruments


class Bench:
    """Two workers in one world; `parts` lets tests put faults into what the workers are made of."""

    def __init__(self, schedule, data_dir, parts=None):
        self.schedule = schedule
        self.data_dir = data_dir
        self.parts = {"courier": Courier, "writer": SegmentWriter, "gateway": GatewaySeen, "ledger": LedgerSeen} | (
            parts or {}
        )
        self.world = World(schedule.seed)
        self.workers = {}
        self.skews = dict.fromkeys(WORKERS, 0.0)
        self.restarts = dict.fromkeys(WORKERS, 1.0)

    async def run(self):
        """Live through the schedule, let everything come to its end, and judge; raises Violation."""
        async with asyncio.TaskGroup() as group:
            living = [group.create_task(self._live(name)) for name in WORKERS]
            await self._play()
            await self._drain()
            for task in living:
                task.cancel()
        self._judge()

    async def _play(self):
        for action in self.schedule.actions:
            await asyncio.sleep(max(0.0, action.at - self.world.time()))
            await self._do(action)
        await asyncio.sleep(max(0.0, LENGTH_SECONDS - self.world.time()))

    async def _do(self, action):
        match action.kind:
            case "ingest":
                shard = self.world.shard(action.who)
                self.world.ledger.ingest(shard, action.who, action.what, action.hour, action.units)
            case "stop":
                self.workers[action.who].stopped_until = self.world.time() + action.seconds
            case "kill":
                self._kill(action.who, action.seconds)
            case "storm":
                self.world.storm, self.world.storm_until = action.what, self.world.time() + action.seconds
            case "pass":
                await self._pass(action.seconds)
            case "skew":
                self.skews[action.who] = self.workers[action.who].skew = action.seconds
            case "refuse":
                self.world.stripe.refused.add(self.world.customer(action.who))

    async def _pass(self, seconds):
        """Hours go by between two calls; no call lasts for hours."""
        while self.world.stripe.under_way:
            await asyncio.sleep(0.05)
        self.world.stripe.land()
        self.world.passed += seconds

    def _kill(self, name, restart_seconds):
        """The process is gone, and what it wrote last may be torn."""
        worker = self.workers[name]
        worker.is_dead, worker.stopped_until = True, 0.0
        self.restarts[name] = restart_seconds
        for number in SHARDS:
            shard = self.world.ledger.shards[number]
            if shard.holders.get(shard.fence) == worker.name:
                self._tear(shard_folder(self.data_dir, number), shard)

    def _tear(self, folder, shard):
        """Cut the newest segment anywhere behind what is committed of it."""
        for path in sorted(folder.glob(f"{shard.fence:016d}-*{SUFFIX}"))[-1:]:
            is_head = shard.head is not None and shard.head.segment == path.stem
            committed = shard.head.offset if is_head else 0
            with path.open("r+b") as file:
                file.truncate(committed + int((path.stat().st_size - committed) * self.world.draw()))

    async def _drain(self):
        self.world.calm()
        await self._pass(2 * 3600)
        deadline = self.world.time() + DRAIN_SECONDS
        while any(each.unsealed or each.outbox or each.journal for each in self.world.ledger.shards.values()):
            if self.world.time() > deadline:
                raise Violation("the workers did not come to an end")
            await asyncio.sleep(2.0)
        self.world.stripe.land()

    async def _live(self, name):
        number = 0
        while True:
            number += 1
            worker = self.workers[name] = Incarnation(self.world, f"{name}{number}", self.skews[name])
            try:
                await fulfil(self._duties(worker), asyncio.Event())
            except Killed:
                await asyncio.sleep(self.restarts[name])

    def _duties(self, worker):
        ledger = self.parts["ledger"](self.world, worker, LEASE_SECONDS)
        meters = Meters(self.parts["gateway"](self.world, worker), {each: each for each in EventType})
        shares = Shares(
            ledger, ledger, worker.name, LEASE_SECONDS, INSTRUMENTS.metering_shards, self.world.time, SHARDS
        )
        counter = INSTRUMENTS.metering_intents
        courier = self.parts["courier"](ledger, ledger, meters, Rate(ledger), shares, TELEMETRY, worker.clock)

        async def aside(work):
            await worker.spend(self.world.latency(0.1))
            done = work()
            await worker.spend(self.world.latency(0.1))
            return done

        def open_writer(folder, fence, head):
            return self.parts["writer"](folder, fence, head, SEGMENT_BYTES, lambda _: None)

        duties = (
            shares,
            SealDuty(ledger, shares, counter, GRACE_SECONDS, worker.clock),
            SendDuty(ledger, courier, meters, shares, worker.clock, self.world.time),
            ArchiveDuty(ledger, self.data_dir, shares, INSTRUMENTS, worker.clock, aside, open_writer),
        )
        for duty in duties[1:]:
            duty.pause_seconds = 1.0
        return duties

    def _judge(self):
        self._judge_units()
        for shard in SHARDS:
            self._judge_archive(shard)

    def _judge_units(self):
        """Every billed unit is at Stripe once or among the dead letters."""
        stripe, found = self.world.stripe, Counter()
        doubled = [identifier for identifier, times in stripe.accepted.items() if times > 1]
        if doubled:
            raise Violation(f"counted twice: {doubled}")
        for identifier in stripe.accepted:
            found[tuple(identifier.split(":")[:3])] += stripe.values[identifier]
        for shard in self.world.ledger.shards.values():
            for intent, reason in shard.dead.values():
                self._judge_reason(reason)
                if not stripe.accepted[intent.intent_id]:
                    found[intent.tenant_id, intent.event_type, intent.hour] += intent.value
        differences = {key: (n, found[key]) for key, n in self.world.ledger.billed.items() if n != found[key]}
        if differences:
            raise Violation(f"billed and found differ: {differences}")

    def _judge_reason(self, reason):
        """Nothing is given up without need."""
        kinds = {action.kind for action in self.schedule.actions}
        if "refuse" not in kinds or (reason == AMBIGUOUS and "pass" not in kinds):
            raise Violation(f"given up without need: {reason}")

    def _judge_archive(self, shard):
        expected = self.world.ledger.written[shard]
        folder, head = shard_folder(self.data_dir, shard), self.world.ledger.shards[shard].head
        try:
            entries = [archived.entry for archived in read_archive(folder, head)] if expected else []
        except ArchiveDamagedError as error:
            raise Violation(f"the archive is damaged: {error}") from error
        if entries != expected:
            raise Violation(f"the archive of shard {shard} has {len(entries)} entries, expected {len(expected)}")


def run(schedule, parts=None, prepare=None):
    """Run a schedule; raises Violation. `prepare` may put a fault into the bench before it starts."""
    with tempfile.TemporaryDirectory() as folder:

        async def main():
            bench = Bench(schedule, Path(folder), parts)
            if prepare is not None:
                prepare(bench)
            try:
                await bench.run()
            except* Violation as group:
                raise group.exceptions[0] from None
            return bench

        try:
            return run_virtually(main())
        except ExceptionGroup as group:
            raise _first(group) from None


def _first(error):
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
