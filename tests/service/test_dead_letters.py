"""`billing dead-letters`: a person decides on what was given up, and says why."""

import asyncio
import json
import time

import pytest

from service.__main__ import main
from service.domain.webhook_event import WebhookEvent
from service.ledger import keys
from service.ledger.outbox import Outbox
from service.ledger.webhook_queue import WebhookQueue
from tests.service.conftest import IS_CLUSTER
from tests.service.ledger_life import Life

REASON = ["--reason", "agreed with the customer"]


@pytest.fixture
def command(own_redis, monkeypatch, capsys):
    monkeypatch.setenv("REDIS_PORT", str(own_redis.port))
    monkeypatch.setenv("REDIS_CLUSTER", str(IS_CLUSTER).lower())

    async def run(*argv):
        code = await asyncio.to_thread(main, ["dead-letters", *argv])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
async def buried(own_redis, open_ledger, enroll, tmp_path):
    """A tenant two of whose intents were given up; return the life and the intents."""
    life = Life(open_ledger(own_redis.port), tmp_path / "data")
    await life.enroll(enroll, 1)
    await life.use(20)
    dead = (await life.seal())[:2]
    for intent in dead:
        await Outbox(life.ledger).bury(await life.lease(), intent.intent_id, 1_800_000_000, "refused: no customer")
    return life, dead


def last_told(server, tenant_id):
    [(_, entry)] = server.client().xrevrange(keys.trail(tenant_id), count=1)
    return entry["actor"], entry["action"], json.loads(entry["details"])["reason"]


async def test_what_was_given_up_is_listed_with_its_reason(command, buried):
    _, dead = buried
    code, told, _ = await command("list")
    assert code == 0
    assert {line.split()[0] for line in told.splitlines()} == {intent.intent_id for intent in dead}
    assert "since 2027-01-15T08:00:00Z, 0 tries: refused: no customer" in told
    assert {each["id"] for each in json.loads((await command("list", "--output", "json"))[1])} == {
        intent.intent_id for intent in dead
    }


async def test_a_retried_intent_is_sent_again_and_a_dropped_one_never(command, buried, own_redis):
    life, (first, second) = buried
    assert (await command("retry", first.intent_id))[0] == 0
    assert last_told(own_redis, first.tenant_id) == ("operator", "dead_letter.retried", "retried by the operator")
    assert first in [each.intent for each in await Outbox(life.ledger).due(0, 2**40, 1000)]
    assert (await command("drop", second.intent_id, *REASON))[0] == 0
    assert last_told(own_redis, second.tenant_id) == ("operator", "dead_letter.dropped", REASON[1])
    assert await command("list") == (0, "no dead letters\n", "")


@pytest.mark.parametrize("letter_id", ["nonsense", "zz:sign_events:2026-11-23T06:1", "00:sign_events:2026-11-23T06:1"])
async def test_what_is_no_dead_letter_is_told_in_one_line(command, letter_id):
    for deed in (["retry"], ["drop", *REASON], ["retry", "--kind", "webhooks"]):
        code, _, told = await command(*deed, letter_id)
        assert (code, len(told.splitlines())) == (2, 1)
        assert f"billing: {letter_id!r} is no dead letter; expected" in told


async def test_nothing_is_dropped_without_a_reason(command, buried, capsys):
    _, (first, _) = buried
    with pytest.raises(SystemExit, match="2"):
        await command("drop", first.intent_id)
    assert "--reason" in capsys.readouterr().err
    assert (await command("drop", first.intent_id, "--reason", " "))[0] == 2


async def test_a_ledger_out_of_reach_is_told_in_one_line(command, monkeypatch):
    monkeypatch.setenv("REDIS_PORT", "1")
    code, _, told = await command("list")
    assert (code, len(told.splitlines())) == (2, 1)


@pytest.fixture
async def dead_webhooks(own_redis, open_ledger, enroll):
    ledger = open_ledger(own_redis.port)
    tenant, _ = await enroll(ledger, customer_id="cus_dead")
    queue, now = WebhookQueue(ledger), int(time.time())
    for event_id, customer_id in (("evt_1", "cus_dead"), ("evt_2", "")):
        await queue.put(WebhookEvent(event_id, "invoice.paid", now, customer_id, {"amount_paid": 5}), now)
    for queued in await queue.take("worker", 10, now):
        await queue.bury(queued, "no such customer")
    return tenant, queue, now


async def test_a_retried_webhook_comes_as_if_for_the_first_time(command, dead_webhooks, own_redis):
    tenant, queue, now = dead_webhooks
    told = json.loads((await command("list", "--kind", "webhooks", "--output", "json"))[1])
    assert [each["what"] for each in told] == ["invoice.paid evt_1 of cus_dead", "invoice.paid evt_2 of no customer"]
    assert {each["reason"] for each in told} == {"no such customer"}
    assert (await command("retry", "--kind", "webhooks", *(each["id"] for each in told)))[0] == 0
    assert last_told(own_redis, tenant.tenant_id)[:2] == ("operator", "dead_letter.retried")
    again = await queue.take("worker", 10, now)
    assert [(each.event.event_id, each.tries) for each in again] == [("evt_1", 1), ("evt_2", 1)]
    assert again[0].event.details == {"amount_paid": 5}
    assert (await queue.backlog(now)).dead == 0


async def test_a_dropped_webhook_is_gone(command, dead_webhooks, own_redis):
    tenant, queue, now = dead_webhooks
    first = json.loads((await command("list", "--kind", "webhooks", "--output", "json"))[1])[0]
    assert (await command("drop", first["id"], "--kind", "webhooks", *REASON))[0] == 0
    assert last_told(own_redis, tenant.tenant_id) == ("operator", "dead_letter.dropped", REASON[1])
    assert (await queue.backlog(now)).dead == 1
    assert await queue.take("worker", 10, now) == []
