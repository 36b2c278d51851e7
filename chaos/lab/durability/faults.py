"""Faults done to the world, one after the other, as the schedule says."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence

from chaos.lab.durability.program import Program
from chaos.lab.durability.schedule import KILLS, MOST_CLOCK_STEP_SECONDS, Fault, Kind
from chaos.lab.durability.world import Say, World
from chaos.lab.stripe_sandbox.dice import Dice

_METER_EVENTS = "/v1/billing/meter_events"
_SLOW_SECONDS = 5.0
"""Longer than the service waits for Stripe."""

_STRIPE: dict[Kind, dict[str, object]] = {
    Kind.STRIPE_SLOW: {"latency_seconds": _SLOW_SECONDS},
    Kind.STRIPE_500: {"status": 500},
    Kind.STRIPE_429: {"status": 429},
    Kind.STRIPE_LOST: {"lost_response": True},
}


class Faults:
    """Strikes, and counts what it did; every lasting fault is taken back by itself."""

    def __init__(self, world: World, seed: int, say: Say) -> None:
        self.done: Counter[Kind] = Counter()
        self.bytes_lost = 0
        self._world = world
        self._dice = Dice(seed)
        self._say = say
        self._hangs: set[asyncio.Task[None]] = set()

    @property
    def kills(self) -> int:
        """SIGKILLs of a program, power losses not among them."""
        return sum(self.done[kind] for kind in KILLS)

    @property
    def power_losses(self) -> int:
        return self.done[Kind.POWER_LOSS]

    async def strike(self, schedule: Sequence[Fault]) -> None:
        """Play the schedule to its end and leave nothing hung, spoiled or with a clock of its own."""
        async with self._repairing():
            for number, fault in enumerate(schedule, start=1):
                await asyncio.sleep(fault.pause_seconds)
                await self._do(fault)
                self.done[fault.kind] += 1
                self._say(f"{number}/{len(schedule)} {fault.kind}")

    @contextlib.asynccontextmanager
    async def _repairing(self) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await asyncio.gather(*self._hangs)
            for clock in self._world.clocks.values():
                clock.step_to(self._world.ahead_seconds)
            await self._world.stripe.heal()

    async def _do(self, fault: Fault) -> None:
        match fault.kind:
            case Kind.KILL_API:
                await self._world.api.restart()
            case Kind.KILL_WORKER:
                await self._worker(fault).restart()
            case Kind.KILL_REDIS:
                await self._world.redis.restart()
            case Kind.POWER_LOSS:
                await self._lose_power(fault)
            case Kind.HANG_WORKER:
                self._hang(self._worker(fault), fault.seconds)
            case Kind.CLOCK_STEP:
                self._step_clock(fault)
            case _:
                spoiled = {"path_prefix": _METER_EVENTS, "method": "POST", "seconds": fault.seconds}
                await self._world.stripe.spoil({**spoiled, **_STRIPE[fault.kind]})

    async def _lose_power(self, fault: Fault) -> None:
        """Every other loss leaves a torn part of what was not durable."""
        loss = await self._world.lose_power(self._dice if fault.size < 0.5 else None)
        self.bytes_lost += loss.bytes_lost

    def _hang(self, program: Program, seconds: float) -> None:
        """Meanwhile the other faults go on; a program that is killed while it hangs comes back running."""

        async def hang() -> None:
            program.hang()
            try:
                await asyncio.sleep(seconds)
            finally:
                program.resume()

        self._hangs.add(asyncio.create_task(hang()))

    def _step_clock(self, fault: Fault) -> None:
        """One program's clock goes wrong, forward or back."""
        clocks = list(self._world.clocks.values())
        step = (2 * fault.size - 1) * MOST_CLOCK_STEP_SECONDS
        clocks[int(fault.pick * len(clocks))].step_to(self._world.ahead_seconds + step)

    def _worker(self, fault: Fault) -> Program:
        return self._world.workers[int(fault.pick * len(self._world.workers))]
