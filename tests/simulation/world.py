"""The one world of a run: its time, its chance, its weather, and the workers in it."""

import asyncio
from datetime import UTC, datetime
from random import Random

from service.ledger import keys
from tests.simulation.ledger_model import LedgerModel
from tests.simulation.stripe_model import TIMEOUT_SECONDS, StripeModel
from tests.simulation.violation import Violation

START = datetime(2026, 11, 23, 9, 30, tzinfo=UTC).timestamp()
FAULTS = ("timeout", "lost", "ghost", "500", "429")
USUAL_FAULTS = 0.03
STORM_FAULTS = 0.9


class Killed(BaseException):
    """The process is gone: nothing that it still runs has an effect."""


class World:
    def __init__(self, seed):
        self.chance = Random(f"world {seed}")
        self.passed = 0.0
        self.storm = None
        self.storm_until = 0.0
        self.is_calm = False
        self.ledger_faults = 0.02
        self.stripe = StripeModel(self)
        self.ledger = LedgerModel(self)

    def time(self):
        return asyncio.get_running_loop().time()

    def wall(self):
        return START + self.time() + self.passed

    def draw(self):
        return self.chance.random()

    def latency(self, most):
        """Mostly short."""
        return most * self.draw() ** 3

    def customer(self, tenant_id):
        return f"cus_{tenant_id[:3]}"

    def shard(self, tenant_id):
        return keys.shard_of(tenant_id)

    def calm(self):
        """From now on nothing fails any more."""
        self.is_calm, self.ledger_faults = True, 0.0

    def fate(self):
        """What becomes of a call to Stripe."""
        if self.is_calm:
            return "ok"
        is_stormy = self.time() < self.storm_until
        if self.draw() >= (STORM_FAULTS if is_stormy else USUAL_FAULTS):
            return "ok"
        if is_stormy and self.storm != "any":
            return self.storm
        return self.chance.choice(FAULTS)

    def check_post(self, worker, identifier):
        """A call may begin only under a lease that outlives it."""
        shard = self.ledger.shards[self.shard(identifier)]
        if shard.holder not in worker.names or shard.ends_at - self.time() < TIMEOUT_SECONDS:
            raise Violation(f"{identifier} sent by {worker.name} at {self.time():.3f} s, whose lease is over")


class Incarnation:
    """One process of a worker; its time can stand still, and it can end at any moment at which it waits."""

    def __init__(self, world, name, skew):
        self.world = world
        self.name = name
        self.names = {name}
        self.skew = skew
        self.stopped_until = 0.0
        self.is_dead = False

    def clock(self):
        return datetime.fromtimestamp(self.world.wall() + self.skew, UTC)

    async def spend(self, seconds):
        """Wait for something outside."""
        self._live()
        await asyncio.sleep(seconds)
        while self.stopped_until > self.world.time():
            await asyncio.sleep(self.stopped_until - self.world.time())
        self._live()

    def _live(self):
        if self.is_dead:
            raise Killed
