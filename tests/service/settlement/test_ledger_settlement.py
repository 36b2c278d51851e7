"""From billed units to what Stripe has, in random order: nothing is lost, and nothing counts twice."""

from collections import Counter

from service.ledger.sent import SentReader
from service.ledger.usage import UsageReader
from tests.service.settlement.model import SHARD, TENANTS

ACTS = ("accepted", "corrected", "pending", "delivered", "dead", "retry", "drop", "fenced")
MONTH = len("2126-11")


async def test_whatever_is_billed_is_unsealed_or_in_intents_and_every_intent_ends_once(lead):
    done = Counter()
    for seed in range(7):
        life = await lead(seed, 160)
        await compare(life)
        done += life.done
    assert min(done[act] for act in ACTS) > 5, done


async def compare(life):
    model = life.model
    unsealed = await life.sealing.unsealed(SHARD)
    assert unsealed == summed(model.unsealed)
    assert summed(model.total("pending", "dead", "delivered", "dropped"), unsealed) == summed(model.billed)
    pending = await life.outbox.due(SHARD, 2**40, 10_000)
    assert {each.intent.intent_id: each.intent.value for each in pending} == {
        each: model.values[each] for each in model.ids("pending")
    }
    assert await dead_letters(life) == model.ids("dead")
    backlog = await life.outbox.backlog(SHARD)
    assert (backlog.pending, backlog.dead) == (len(pending), len(model.ids("dead")))
    assert backlog.oldest_hour == min((each.intent.hour for each in pending), default=None)
    assert await life.sealing.oldest_unsealed(SHARD) == min((hour for _, _, hour in unsealed), default=None)
    await compare_counters(life)


async def compare_counters(life):
    sent, dropped, billed = Counter(), Counter(), Counter()
    for tenant_id in TENANTS:
        for month in ("2126-10", "2126-11", "2126-12"):
            found = await SentReader(life.ledger).sent(tenant_id, month)
            sent.update({(tenant_id, kind, hour): value for (hour, kind), value in found.delivered.items()})
            dropped.update({(tenant_id, kind, hour): value for (hour, kind), value in found.dropped.items()})
            for kind, value in (await UsageReader(life.ledger).billed(tenant_id, month)).items():
                billed[tenant_id, kind, month] += value
    assert summed(sent) == summed(life.model.total("delivered"))
    assert summed(dropped) == summed(life.model.total("dropped"))
    monthly = Counter()
    for (tenant_id, kind, hour), value in life.model.billed.items():
        monthly[tenant_id, kind, hour[:MONTH]] += value
    assert summed(billed) == summed(monthly)


def summed(*counters):
    """The sum, with what is below zero and without what is 0."""
    total = Counter()
    for counter in counters:
        total.update(counter)
    return {key: value for key, value in total.items() if value}


async def dead_letters(life):
    """All of them, page by page."""
    letters, cursor = await life.letters.page(SHARD, None, 2)
    while cursor is not None:
        page, cursor = await life.letters.page(SHARD, cursor, 2)
        letters += page
    assert {letter.reason for letter in letters} <= {"refused"}
    return [letter.intent.intent_id for letter in letters]
