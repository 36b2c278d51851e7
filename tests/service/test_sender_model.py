"""The model of the ledger in the simulation does what the scripts do: sealing, sending and ending, step by step."""

import secrets
from random import Random

import pytest

from service.domain.c2pa_facts import EventType
from service.errors import FenceLostError, NotFoundError
from service.ledger import keys
from service.ledger.outbox import Outbox
from service.ledger.sealing import Sealing
from service.ledger.sent import SentReader
from service.ledger.shard_leases import ShardLease, ShardLeases
from tests.simulation.ledger_model import LedgerModel

HOURS = ("2026-11-23T06", "2026-11-23T07", "2026-11-23T08")
NOW = 1_795_430_000
STEPS = 120


class Fixed:
    """A world in which no time passes."""

    def time(self):
        return 0.0

    def customer(self, _):
        return "cus_1"


class Pair:
    """The same steps, taken by the scripts and by the model."""

    def __init__(self, ledger, client, tenant_id, lease):
        self.client = client
        self.tenant_id = tenant_id
        self.sealing, self.outbox, self.sent = Sealing(ledger), Outbox(ledger), SentReader(ledger)
        self.model = LedgerModel(Fixed())
        self.lease, self.shard = lease, lease.shard
        self.twin = ShardLease(self.shard, self.model.acquire(self.shard, "worker", 60.0), 60.0)
        self.stale = ShardLease(self.shard, lease.fence - 1, 60.0), ShardLease(self.shard, 0, 60.0)

    def use(self, event_type, hour, units):
        self.client.hincrby(keys.unsealed(self.shard), keys.unsealed_field(self.tenant_id, event_type, hour), units)
        self.model.ingest(self.shard, self.tenant_id, event_type, hour, units)

    async def seal(self, until_hour, limit, leases):
        sealed = await outcome(self.sealing.seal(leases[0], until_hour, limit))
        twins = await outcome(self.model.seal, leases[1], until_hour, limit)
        assert by_id(sealed) == by_id(twins)

    async def begin(self, intent_id, now, retry_at, afresh, leases):
        begun = await outcome(self.outbox.begin(leases[0], intent_id, now, retry_at, afresh=afresh))
        assert begun == await outcome(self.model.begin, leases[1], intent_id, now, retry_at, afresh)

    async def deliver(self, intent_id, leases):
        ended = await outcome(self.outbox.delivered(leases[0], intent_id, NOW, "sent"))
        assert ended == await outcome(self.model.delivered, leases[1], intent_id, "sent")

    async def bury(self, intent_id, leases):
        ended = await outcome(self.outbox.bury(leases[0], intent_id, NOW, "reason"))
        assert ended == await outcome(self.model.bury, leases[1], intent_id, "reason")

    async def agree(self):
        """What can be read is the same; returns the ids of what is due."""
        due = await self.outbox.due(self.shard, NOW, 100)
        assert due == self.model.due(self.shard, NOW, 100)
        sent = await self.sent.sent(self.tenant_id, "2026-11")
        assert sent.delivered == self.model.sent(self.shard, self.tenant_id, "2026-11")
        backlog, twin = await self.outbox.backlog(self.shard), self.model.shards[self.shard]
        assert (backlog.pending, backlog.dead) == (len(twin.outbox), len(twin.dead))
        return [pending.intent.intent_id for pending in due]


def by_id(sealed):
    return sealed if isinstance(sealed, type) else {intent.intent_id: intent for intent in sealed}


async def outcome(step, *arguments):
    """What a step returned, or the kind of error that it raised."""
    try:
        return step(*arguments) if callable(step) else await step
    except (FenceLostError, NotFoundError) as error:
        return type(error)


@pytest.mark.parametrize("seed", range(4))
async def test_the_simulations_ledger_is_as_the_scripts(open_ledger, own_redis, enroll, seed):
    chance, ledger = Random(seed), open_ledger(own_redis.port)
    tenant, _ = await enroll(ledger, tenant_id=secrets.token_hex(16))
    lease = await ShardLeases(ledger).acquire(keys.shard_of(tenant.tenant_id), "worker")
    pair = Pair(ledger, own_redis.client(), tenant.tenant_id, lease)
    known = [f"{tenant.tenant_id}:sign_events:{HOURS[0]}:99"]
    for _ in range(STEPS):
        leases = pair.stale if chance.random() < 0.1 else (pair.lease, pair.twin)
        intent_id = chance.choice(known)
        match chance.choice(("use", "use", "seal", "begin", "deliver", "bury")):
            case "use":
                units = chance.choice((1, 2, -1))
                pair.use(chance.choice((EventType.SIGN_EVENTS, EventType.VERIFY_EVENTS)), chance.choice(HOURS), units)
            case "seal":
                await pair.seal(chance.choice(HOURS), 100, leases)
            case "begin":
                now = NOW + chance.randint(0, 100)
                await pair.begin(intent_id, now, chance.choice((0, now + 60)), chance.random() < 0.3, leases)
            case "deliver":
                await pair.deliver(intent_id, leases)
            case "bury":
                await pair.bury(intent_id, leases)
        known += await pair.agree()
    assert {each.partition("T")[2][:2] for each in known} >= {"06", "07"}
