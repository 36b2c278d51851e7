"""The journal is complete: whoever applies it to nothing has the ledger again."""

import json

from service.ledger import keys
from service.ledger.journal import ArchiveHead, Journal
from tests.service.settlement.life import contents
from tests.service.settlement.model import SHARD, TENANTS
from tests.service.settlement.replay import Replay, rebuildable


async def test_the_archived_part_and_the_rest_make_the_ledger_again(lead, own_redis):
    for seed in range(100, 105):
        life = await lead(seed, 160)
        assert life.archived
        journal = [*life.archived, *await Journal(life.ledger).take(SHARD, 10_000)]
        assert len({entry.id for entry in journal}) == len(journal)
        assert Replay(journal).held == rebuildable(contents(own_redis))


async def test_only_what_is_archived_is_forgotten(lead, own_redis):
    life = await lead(1, 30)
    left = await life.journal.take(SHARD, 10_000)
    assert own_redis.client().xlen(keys.events(SHARD)) == len(left) > 3
    assert await life.journal.take(SHARD, 2) == left[:2]
    await life.journal.archived(life.lease, ArchiveHead("000001", 512, left[2].id, "ab"))
    assert await life.journal.take(SHARD, 10_000) == left[3:]
    backlog = await life.journal.backlog(SHARD)
    assert (backlog.entries, backlog.oldest_at) == (len(left) - 3, int(left[3].id.partition("-")[0]) / 1000)
    await life.journal.archived(life.lease, ArchiveHead("000001", 900, left[-1].id, "cd"))
    assert await life.journal.take(SHARD, 10) == []
    assert (await life.journal.backlog(SHARD)).oldest_at is None
    await life.administer()
    assert [entry.fields["kind"] for entry in await life.journal.take(SHARD, 10)][:2] == ["tenant", "audit"]


async def test_no_number_in_an_entry_is_rounded(lead, own_redis):
    life = await lead(1, 0)
    tenant_id, large = next(iter(TENANTS)), str(2**53 - 2)
    own_redis.client().hset(keys.unsealed(SHARD), f"{tenant_id}|sign_events|2126-10-31T20", large)
    (intent,) = await life.sealing.seal(life.lease, "2126-11", 5)
    assert intent.value == int(large)
    assert (await life.outbox.begin(life.lease, intent.intent_id, 1, 2)).intent == intent
    entry = (await life.journal.take(SHARD, 10_000))[-1]
    assert (entry.fields["kind"], entry.fields["value"]) == ("sealed", large)
    assert json.loads(own_redis.client().hget(keys.intents(SHARD), intent.intent_id))["value"] == large
