"""`billing replay`: an empty Redis becomes the ledger that was archived."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from service.__main__ import main
from service.domain.tenant import Plan
from service.ledger import keys
from service.ledger.journal import Journal
from service.ledger.outbox import Outbox
from service.ledger.tenants import TenantBook
from tests.service.conftest import IS_CLUSTER, RedisServer
from tests.service.ledger_life import ENTRY, Life

COUNTED = ("hours", "months", "billed", "trial", "spend", "seqs", "sent", "dropped", "claims", "corrections")
KEPT = ("tenants", "tenant", "key", "keyring", "trail", "unsealed", "dead", "unsent", "archive")


@pytest.fixture
async def lived(own_redis, open_ledger, enroll, tmp_path):
    """A ledger all of whose journal is archived."""
    life = Life(open_ledger(own_redis.port), tmp_path / "data")
    await life.enroll(enroll, 1, plan=Plan.ENTERPRISE)
    trial_ends = int((datetime.now(UTC) - timedelta(days=1)).timestamp())
    await life.enroll(enroll, 2, plan=Plan.PRO, trial_ends_at=trial_ends)
    await life.use(150)
    await life.correct(-1)
    await life.end(await life.seal())
    await life.archive(100)
    await life.rename(life.tenant_ids[0])
    await life.use(50, seed=1)
    await life.archive()
    return life


@pytest.fixture
def empty_redis(tmp_path, request):
    if IS_CLUSTER:
        server = request.getfixturevalue("shared_redis")
        server.empty()
        yield server
        return
    folder = tmp_path / "empty"
    folder.mkdir()
    server = RedisServer(folder)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def replay(monkeypatch, capsys, lived):
    async def run(server, archive=None):
        monkeypatch.setenv("REDIS_PORT", str(server.port))
        monkeypatch.setenv("REDIS_CLUSTER", str(IS_CLUSTER).lower())
        argv = ["replay", "--archive", str(archive or lived.data_dir / "archive")]
        code = await asyncio.to_thread(main, argv)
        return code, *capsys.readouterr()

    return run


def contents(server):
    """Every key by name, but for those that workers hold for a while."""
    redis = server.client()
    return {name: _value(redis, name) for name in redis.scan_iter() if name.split(":")[1] in {*COUNTED, *KEPT}}


def _value(redis, name):
    reads = {"hash": redis.hgetall, "set": redis.smembers, "stream": redis.xrange}
    kind = redis.type(name)
    found = redis.zrange(name, 0, -1, withscores=True) if kind == "zset" else reads[kind](name)
    if name.split(":")[1] == "key":
        found.pop("last_used_at", None)
    return found, redis.expiretime(name)


async def test_every_counter_and_every_identity_is_what_it_was(replay, own_redis, empty_redis):
    code, told, _ = await replay(empty_redis)
    assert (code, told.split()[0]) == (0, "replayed")
    before, after = contents(own_redis), contents(empty_redis)
    assert {name.split(":")[1] for name in before} == {*COUNTED, *KEPT}
    assert after == before


async def test_intents_that_had_not_ended_are_there_again(replay, lived, empty_redis, open_ledger):
    before = {each.intent.intent_id: each for each in await Outbox(lived.ledger).due(0, 2**40, 1000)}
    await replay(empty_redis)
    again = {each.intent.intent_id: each for each in await Outbox(open_ledger(empty_redis.port)).due(0, 2**40, 1000)}
    assert before
    assert {name: (each.intent, each.customer_id) for name, each in again.items()} == {
        name: (each.intent, each.customer_id) for name, each in before.items()
    }
    assert all(each.first_sent_at <= (before[name].first_sent_at or 2**40) for name, each in again.items())


async def test_the_journal_goes_on_where_the_archive_ends(replay, lived, empty_redis, open_ledger):
    await replay(empty_redis)
    ledger = open_ledger(empty_redis.port)
    assert (await Journal(ledger).backlog(0)).entries == 0
    assert await Journal(ledger).head(0) == await Journal(lived.ledger).head(0)
    await TenantBook(ledger).change(lived.tenant_ids[0], {"name": "Later"}, ENTRY)
    taken = await Journal(ledger).take(0, 10)
    assert [entry.fields["kind"] for entry in taken] == ["tenant", "audit"]


async def test_old_keys_and_old_event_ids_are_known_again(
    replay, lived, empty_redis, own_redis, start_service, make_event
):
    service = await start_service(own_redis.port)
    tenant_id, headers = await service.tenant()
    event = make_event("once")
    assert (await service.report(headers, event))[1]["results"][0]["status"] == "accepted"
    await archive_all(lived)
    assert (await replay(empty_redis))[0] == 0
    again = await start_service(empty_redis.port)
    assert (await again.report(headers, event))[1]["results"][0]["status"] == "duplicate"
    assert (await again.get(f"/tenants/{tenant_id}", headers))[0] == 200


async def test_an_audit_of_the_replayed_ledger_is_clean(replay, lived, empty_redis, capsys, tmp_path):
    await replay(empty_redis)
    acknowledged = tmp_path / "acknowledged.jsonl"
    acknowledged.write_text("".join(json.dumps(line) + "\n" for line in lived.acknowledged))
    argv = ["audit", "--acknowledged", str(acknowledged), "--archive", str(lived.data_dir / "archive")]
    code = await asyncio.to_thread(main, [*argv, "--no-stripe", "--output", "json"])
    found = json.loads(capsys.readouterr().out)
    assert (code, found["differences"]) == (0, [])
    assert found["acknowledged"] == len(lived.acknowledged) > 100


async def test_a_redis_that_holds_anything_is_refused(replay, own_redis):
    code, _, told = await replay(own_redis)
    assert code == 2
    assert "expected an empty one" in told
    assert len(told.splitlines()) == 1


async def test_a_replay_that_was_broken_off_must_be_started_anew(replay, lived, empty_redis, start_service):
    folder = lived.data_dir / "archive" / "s00"
    newest = max(folder.iterdir())
    newest.write_bytes(newest.read_bytes().replace(b"Ex", b"Ox"))
    code, _, told = await replay(empty_redis)
    assert (code, "expected chain" in told) == (2, True)
    code, _, told = await replay(empty_redis)
    assert (code, "broken off" in told) == (2, True)
    health = (await (await start_service(empty_redis.port)).get("/health"))[1]
    assert health["checks"]["database"] is False


async def test_a_folder_that_is_no_archive_is_told(replay, empty_redis, tmp_path):
    code, _, told = await replay(empty_redis, tmp_path)
    assert (code, "expected the folder of an archive" in told) == (2, True)
    assert not list(empty_redis.client().scan_iter())


async def archive_all(lived):
    """Archive what every shard holds."""
    for shard in range(keys.SHARDS):
        if (await Journal(lived.ledger).backlog(shard)).entries:
            life = lived if shard == lived.shard else Life(lived.ledger, lived.data_dir, shard)
            await life.archive()
