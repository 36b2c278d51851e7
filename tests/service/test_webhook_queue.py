import pytest

from service.domain.webhook_event import WebhookEvent
from service.ledger import keys
from service.ledger.connection import Ledger, connect
from service.ledger.webhook_queue import Backlog, WebhookQueue
from service.telemetry.pipeline import create_resource, create_telemetry
from tests.service.conftest import redis_config

NOW = 1_800_000_000


def event(number):
    return WebhookEvent(f"evt_{number}", "invoice.paid", NOW, "cus_1", {"amount_paid_cents": number, "number": None})


@pytest.fixture
async def ledger(own_redis):
    telemetry = create_telemetry(create_resource("test", "test"), [], [])
    ledger = Ledger(connect(redis_config(own_redis.port)), telemetry)
    yield ledger
    await ledger.close()


@pytest.fixture
def queue(ledger):
    return WebhookQueue(ledger)


async def test_what_is_put_is_taken_as_it_was_and_once(queue):
    assert await queue.put(event(1), NOW)
    assert not await queue.put(event(1), NOW + 1)
    (queued,) = await queue.take("a", 10, NOW)
    assert (queued.event, queued.received_at, queued.tries) == (event(1), NOW, 1)
    assert await queue.take("b", 10, NOW) == []
    await queue.done(queued)
    assert await queue.backlog(NOW) == Backlog(0, 0, 0)


async def test_two_workers_share_the_work(queue):
    for number in range(4):
        await queue.put(event(number), NOW)
    taken = [*await queue.take("a", 3, NOW), *await queue.take("b", 3, NOW)]
    assert [queued.event for queued in taken] == [event(number) for number in range(4)]


async def test_what_a_dead_worker_held_is_taken_over_and_counts_as_a_try(ledger):
    queue = WebhookQueue(ledger, take_over_seconds=0)
    await queue.put(event(1), NOW)
    (first,) = await queue.take("dead", 10, NOW)
    (second,) = await queue.take("alive", 10, NOW)
    assert (second.entry_id, second.event, second.tries) == (first.entry_id, event(1), 2)


async def test_what_is_postponed_comes_back_when_it_is_due(queue):
    await queue.put(event(1), NOW)
    (queued,) = await queue.take("a", 10, NOW)
    await queue.postpone(queued, NOW + 60)
    assert await queue.take("a", 10, NOW + 59) == []
    assert await queue.backlog(NOW + 59) == Backlog(1, 0, 0)
    (again,) = await queue.take("a", 10, NOW + 60)
    assert (again.event, again.received_at, again.tries) == (event(1), NOW, 2)


async def test_what_is_given_up_is_kept_with_the_reason(queue, own_redis):
    await queue.put(event(1), NOW)
    (queued,) = await queue.take("a", 10, NOW)
    await queue.bury(queued, "no such tenant")
    assert await queue.backlog(NOW) == Backlog(0, 0, 1)
    ((_, fields),) = own_redis.client().xrange(keys.WEBHOOKS_DEAD)
    assert (fields["event_id"], fields["tries"], fields["reason"]) == ("evt_1", "1", "no such tenant")


async def test_a_worker_that_was_thought_dead_finishes_nothing_twice(ledger):
    queue = WebhookQueue(ledger, take_over_seconds=0)
    await queue.put(event(1), NOW)
    (slow,) = await queue.take("slow", 10, NOW)
    (fast,) = await queue.take("fast", 10, NOW)
    await queue.done(fast)
    await queue.postpone(slow, NOW)
    await queue.bury(slow, "too late")
    assert await queue.backlog(NOW) == Backlog(0, 0, 0)


async def test_the_backlog_tells_how_long_the_oldest_has_waited(queue):
    await queue.put(event(1), NOW)
    await queue.put(event(2), NOW + 5)
    assert await queue.backlog(NOW + 20) == Backlog(2, 20, 0)


async def test_a_queue_survives_the_loss_of_its_group(queue, own_redis):
    await queue.put(event(1), NOW)
    await queue.take("a", 10, NOW)
    own_redis.client().xgroup_destroy(keys.WEBHOOK_QUEUE, "workers")
    assert [queued.event for queued in await queue.take("a", 10, NOW)] == [event(1)]
