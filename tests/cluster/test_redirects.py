"""How the ledger's client behaves while a cluster changes under it."""

import asyncio
import hashlib
import time

import pytest
from redis.crc import key_slot
from redis.exceptions import RedisError

from service.config import REDIS_TIMEOUT_SECONDS, RedisConfig
from service.ledger.connection import Ledger, Operation, connect
from service.ledger.scripts import Script
from service.telemetry.pipeline import create_resource, create_telemetry
from tests.cluster.nodes import ClusterServers

KEY = "{s03}:events"


@pytest.fixture
def cluster(tmp_path):
    servers = ClusterServers(tmp_path)
    servers.start()
    yield servers
    servers.kill()


@pytest.fixture
async def client(cluster):
    client = connect(RedisConfig("127.0.0.1", cluster.port, 0, False, None, cluster=True))
    yield client
    await client.aclose()


@pytest.fixture
async def ledger(client):
    return Ledger(client, create_telemetry(create_resource("test", "test"), [], []))


def owner_and_other(cluster):
    slot = key_slot(KEY.encode())
    [owner] = [node for node in cluster.nodes if node.slots[0] <= slot <= node.slots[1]]
    return slot, owner, next(node for node in cluster.nodes if node is not owner)


def move(slot, owner, other, name):
    """Move a key of the slot, as whoever moves the slot does."""
    owner.redis.execute_command("MIGRATE", "127.0.0.1", other.port, name, 0, 5000)
    assert slot == key_slot(name.encode())


async def test_writes_go_on_once_each_while_their_slot_moves(cluster, client):
    async def write(first, last):
        return [await client.execute_command("XADD", KEY, "*", "number", number) for number in range(first, last)]

    slot, owner, other = owner_and_other(cluster)
    await write(0, 10)
    other.redis.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", owner.id)
    owner.redis.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", other.id)
    await write(10, 20)
    move(slot, owner, other, KEY)
    await write(20, 30)
    for node in (other, owner):
        node.redis.execute_command("CLUSTER SETSLOT", slot, "NODE", other.id)
    await write(30, 40)
    entries = await client.execute_command("XRANGE", KEY, "-", "+")
    assert [int(fields["number"]) for _, fields in entries] == list(range(40))


async def test_a_script_runs_once_where_its_slot_is_on_its_way_to(cluster, ledger):
    source = "#!lua\nreturn redis.call('INCR', KEYS[1])"
    script = Script(source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())
    slot, owner, other = owner_and_other(cluster)
    assert await ledger.script(Operation.CHECK, script, [KEY], []) == 1
    other.redis.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", owner.id)
    owner.redis.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", other.id)
    move(slot, owner, other, KEY)
    assert [await ledger.script(Operation.CHECK, script, [KEY], []) for _ in range(3)] == [2, 3, 4]


async def test_a_node_that_hangs_takes_only_its_own_slots_with_it(cluster, client):
    _, owner, other = owner_and_other(cluster)
    elsewhere = next(f"{{s{n:02d}}}:x" for n in range(16) if _is_of(other, f"{{s{n:02d}}}:x"))
    await client.execute_command("SET", elsewhere, "1")
    owner.hang()
    try:
        started = time.monotonic()
        with pytest.raises((RedisError, OSError)):
            async with asyncio.timeout(2 * REDIS_TIMEOUT_SECONDS):
                await client.execute_command("XADD", KEY, "*", "a", "b")
        assert time.monotonic() - started < 1.5 * REDIS_TIMEOUT_SECONDS
        for _ in range(5):
            await answered(client, "INCR", elsewhere)
    finally:
        owner.resume()
    await answered(client, "XADD", KEY, "*", "a", "b")


async def answered(client, *command):
    """Ask until there is an answer: the first ones may meet the node that hangs while the layout is read anew."""
    deadline = time.monotonic() + 6
    while True:
        try:
            return await client.execute_command(*command)
        except (RedisError, OSError):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)


def _is_of(node, name):
    return node.slots[0] <= key_slot(name.encode()) <= node.slots[1]
