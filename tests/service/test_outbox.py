from dataclasses import replace
from datetime import UTC, datetime

import pytest

from service.domain.audit_entry import AuditEntry
from service.domain.intent import Intent, parse_intent_id
from service.domain.usage import EventType
from service.errors import LedgerUnavailableError, NotFoundError
from service.ledger import keys
from service.ledger.audit_trail import AuditTrail
from service.ledger.dead_letters import DeadLetters
from service.ledger.outbox import Outbox
from service.ledger.sealing import Sealing
from service.ledger.sent import SentReader
from service.ledger.shard_leases import ShardLeases
from service.ledger.tenants import TenantBook

SHARD, TENANT = 5, "05" + "0" * 30
HOURS = ["2026-11-23T05", "2026-11-23T06", "2026-11-23T07"]
SIX = int(datetime(2026, 11, 23, 6, tzinfo=UTC).timestamp())
NOW = SIX + 7200
SIGN, VERIFY, STAMP = EventType
ENTRY = AuditEntry("operator", "dead_letter.retried", "0", {"reason": "fixed"})


class Shard:
    """A shard with usage that waits to be sealed, and a worker's lease of it."""

    def __init__(self, ledger, client):
        self.ledger, self._client = ledger, client
        self.sealing, self.outbox, self.letters = Sealing(ledger), Outbox(ledger), DeadLetters(ledger)

    async def lease_it(self):
        self.lease = await ShardLeases(self.ledger).acquire(SHARD, "a")

    def use(self, hour, value, kind=SIGN):
        self._client.hset(keys.unsealed(SHARD), keys.unsealed_field(TENANT, kind, hour), value)

    async def sealed(self, until_hour="2026-11-24", limit=100):
        return await self.sealing.seal(self.lease, until_hour, limit)

    async def buried(self, *hours):
        for hour in hours:
            self.use(hour, 4)
        intents = await self.sealed()
        for intent in intents:
            await self.outbox.begin(self.lease, intent.intent_id, NOW, NOW)
            await self.outbox.bury(self.lease, intent.intent_id, NOW + 1, "no such customer")
        return [intent.intent_id for intent in intents]


@pytest.fixture
async def shard(own_redis, open_ledger, enroll):
    ledger = open_ledger(own_redis.port)
    await enroll(ledger, tenant_id=TENANT, trial_ends_at=SIX + 600)
    shard = Shard(ledger, own_redis.client())
    await shard.lease_it()
    return shard


async def test_each_hour_and_type_becomes_one_intent_the_oldest_first(shard):
    shard.use(HOURS[2], 1)
    shard.use(HOURS[1], 7, VERIFY)
    shard.use(HOURS[1], -2)
    assert await shard.sealing.oldest_unsealed(SHARD) == HOURS[1]
    assert await shard.sealed(HOURS[1]) == []
    first, second = await shard.sealed(HOURS[2])
    assert (first, second) == (
        Intent(TENANT, SIGN, HOURS[1], 1, -2, SIX + 600),
        Intent(TENANT, VERIFY, HOURS[1], 1, 7, SIX + 600),
    )
    assert first.intent_id == f"{TENANT}:sign_events:2026-11-23T06:1"
    assert await shard.sealing.unsealed(SHARD) == {(TENANT, SIGN, HOURS[2]): 1}
    assert await shard.sealed(limit=0) == []
    (third,) = await shard.sealed()
    assert third.timestamp == SIX + 3600
    shard.use(HOURS[1], 3)
    (late,) = await shard.sealed()
    assert (late.seq, late.value) == (2, 3)
    assert await shard.sealing.oldest_unsealed(SHARD) is None


async def test_a_broken_count_seals_nothing(shard, own_redis):
    shard.use(HOURS[0], 1)
    shard.use(HOURS[1], "many")
    before = own_redis.client().hgetall(keys.unsealed(SHARD))
    with pytest.raises(LedgerUnavailableError):
        await shard.sealed()
    assert own_redis.client().hgetall(keys.unsealed(SHARD)) == before
    assert (await shard.outbox.backlog(SHARD)).pending == 0


async def test_intents_are_due_in_the_order_of_their_hours_and_after_an_attempt_when_it_says(shard):
    for hour in reversed(HOURS):
        shard.use(hour, 1)
    ids = [intent.intent_id for intent in await shard.sealed()]
    assert [each.intent.intent_id for each in await shard.outbox.due(SHARD, NOW, 10)] == ids
    assert [each.intent.intent_id for each in await shard.outbox.due(SHARD, NOW, 2)] == ids[:2]
    first = await shard.outbox.begin(shard.lease, ids[0], NOW, NOW + 60)
    assert (first.customer_id, first.attempts, first.first_sent_at, first.due_at) == ("cus_1", 1, NOW, NOW + 60)
    assert [each.intent.intent_id for each in await shard.outbox.due(SHARD, NOW + 59, 10)] == ids[1:]
    again = (await shard.outbox.due(SHARD, NOW + 60, 10))[-1]
    assert again == first
    assert await shard.outbox.begin(shard.lease, ids[0], NOW + 60, NOW + 120) == replace(
        first, attempts=2, due_at=NOW + 120
    )
    backlog = await shard.outbox.backlog(SHARD)
    assert (backlog.pending, backlog.oldest_hour, backlog.dead) == (3, HOURS[0], 0)


async def test_an_identifier_that_stripe_does_not_know_may_be_counted_from_now_on(shard):
    shard.use(HOURS[0], 1)
    (intent,) = await shard.sealed()
    await shard.outbox.begin(shard.lease, intent.intent_id, NOW, NOW)
    later = NOW + 90_000
    assert (await shard.outbox.begin(shard.lease, intent.intent_id, later, later)).first_sent_at == NOW
    fresh = await shard.outbox.begin(shard.lease, intent.intent_id, later + 1, later, afresh=True)
    assert (fresh.first_sent_at, fresh.attempts) == (later + 1, 3)


async def test_what_is_delivered_is_sent_once(shard):
    shard.use(HOURS[0], 5)
    (intent,) = await shard.sealed()
    assert await shard.outbox.delivered(shard.lease, intent.intent_id, NOW, "sent")
    assert not await shard.outbox.delivered(shard.lease, intent.intent_id, NOW, "duplicate")
    assert not await shard.outbox.bury(shard.lease, intent.intent_id, NOW, "late")
    with pytest.raises(NotFoundError):
        await shard.outbox.begin(shard.lease, intent.intent_id, NOW, NOW)
    sent = await SentReader(shard.ledger).sent(TENANT, "2026-11")
    assert (sent.delivered, sent.dropped) == ({(HOURS[0], SIGN): 5}, {})


async def test_a_dead_letter_is_kept_with_its_reason_and_sent_again_to_the_customer_of_now(shard):
    (intent_id,) = await shard.buried(HOURS[0])
    (letter,), cursor = await shard.letters.page(SHARD, None, 10)
    assert (letter.intent.intent_id, letter.reason, letter.buried_at) == (intent_id, "no such customer", NOW + 1)
    assert (letter.customer_id, letter.attempts, letter.first_sent_at, cursor) == ("cus_1", 1, NOW, None)
    assert (await shard.outbox.backlog(SHARD)).dead == 1
    await TenantBook(shard.ledger).change(TENANT, {"customer_id": "cus_2"}, ENTRY)
    await shard.letters.retry(intent_id, ENTRY)
    (pending,) = await shard.outbox.due(SHARD, NOW, 10)
    assert (pending.customer_id, pending.attempts, pending.first_sent_at) == ("cus_2", 0, NOW)
    assert await shard.letters.page(SHARD, None, 10) == ([], None)
    (record,), _ = await AuditTrail(shard.ledger).page(TENANT, None, 1)
    assert record.entry == ENTRY


async def test_a_dropped_letter_is_counted_and_gone(shard):
    (intent_id,) = await shard.buried(HOURS[0])
    await shard.letters.drop(intent_id, replace(ENTRY, action="dead_letter.dropped"))
    for decide in (shard.letters.drop, shard.letters.retry):
        with pytest.raises(NotFoundError):
            await decide(intent_id, ENTRY)
    sent = await SentReader(shard.ledger).sent(TENANT, "2026-11")
    assert (sent.delivered, sent.dropped) == ({}, {(HOURS[0], SIGN): 4})
    (record,), _ = await AuditTrail(shard.ledger).page(TENANT, None, 1)
    assert (record.entry.action, record.entry.details["reason"]) == ("dead_letter.dropped", "fixed")


async def test_dead_letters_are_read_page_by_page(shard):
    ids = sorted(await shard.buried(*HOURS))
    first, cursor = await shard.letters.page(SHARD, None, 2)
    second, end = await shard.letters.page(SHARD, cursor, 2)
    assert [letter.intent.intent_id for letter in [*first, *second]] == ids
    assert end is None


async def test_only_what_is_to_be_sent_may_be_buried_and_only_the_dead_decided_on(shard):
    shard.use(HOURS[0], 1)
    (intent,) = await shard.sealed()
    for decide in (shard.letters.drop, shard.letters.retry):
        with pytest.raises(NotFoundError):
            await decide(intent.intent_id, ENTRY)
        with pytest.raises(ValueError, match="expected an intent id"):
            await decide("nonsense", ENTRY)


def test_an_id_is_read_back_and_fits_stripes_limit():
    longest = max(EventType, key=len)
    intent = Intent("f" * 32, longest, "2026-11-23T06", 10**9, 1, 0)
    name = parse_intent_id(intent.intent_id)
    assert (name.tenant_id, name.event_type, name.hour, name.seq) == ("f" * 32, longest, "2026-11-23T06", 10**9)
    assert name.month == "2026-11"
    assert len(intent.intent_id) <= 100
