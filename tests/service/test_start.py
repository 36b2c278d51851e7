"""What `billing serve` and `billing worker` do about a Redis that could lose what it acknowledges."""

import asyncio
import contextlib
import json
import os
import sys

import pytest
from aiohttp import ClientSession

from service.ledger.durability import judge
from tests.service.conftest import RedisServer, free_port

FIT = {
    "redis_version": "7.2.4",
    "role": "master",
    "aof_enabled": 1,
    "aof_last_write_status": "ok",
    "maxmemory_policy": "noeviction",
}


@pytest.fixture
def start_redis(tmp_path):
    """Start a server with settings of its own; all of them end with the test."""
    with contextlib.ExitStack() as stack:

        def start(*settings):
            folder = tmp_path / f"valkey-{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            server = RedisServer(folder, *settings)
            server.start()
            stack.callback(server.kill)
            return server

        yield start


class Program:
    """`billing serve` or `billing worker` as a process of its own."""

    def __init__(self, process):
        self.process = process

    async def ended(self):
        """The exit code and the lines on stderr."""
        async with asyncio.timeout(10):
            _, told = await self.process.communicate()
        return self.process.returncode, told.decode().splitlines()

    async def until(self, event_name):
        """The first log line of that event."""
        async with asyncio.timeout(15):
            while True:
                line = json.loads(await self.process.stdout.readline())
                if line["EventName"] == event_name:
                    return line


@pytest.fixture
async def run(environment):
    processes = []

    async def start(command, redis_port, **overrides):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "service", command),
            env={"PATH": os.environ["PATH"], **environment(redis_port, PORT=str(free_port()), **overrides)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        processes.append(process)
        return Program(process)

    yield start
    for process in processes:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (("--appendonly", "no"), "appendonly is no; expected yes"),
        (("--appendfsync", "everysec"), "appendfsync is everysec; expected always"),
        (("--maxmemory-policy", "allkeys-lru"), "maxmemory-policy is allkeys-lru; expected noeviction"),
        (("--rename-command", "CONFIG", ""), "appendfsync is unknown, because CONFIG GET is refused; expected always"),
    ],
)
async def test_a_redis_that_could_lose_data_is_refused(run, start_redis, settings, told):
    redis = start_redis(*settings)
    code, lines = await (await run("serve", redis.port)).ended()
    assert code == 78
    [line] = lines
    assert line.startswith(f"billing: redis 127.0.0.1:{redis.port}: {told}")


async def test_the_worker_is_told_everything_at_once(run, start_redis):
    redis = start_redis("--appendonly", "no", "--appendfsync", "no", "--maxmemory-policy", "volatile-ttl")
    code, lines = await (await run("worker", redis.port)).ended()
    assert code == 78
    assert [line.split()[3] for line in lines] == ["appendonly", "appendfsync", "maxmemory-policy"]


async def test_a_replica_is_refused(run, start_redis):
    primary = start_redis("--repl-diskless-sync-delay", "0")
    replica = start_redis("--replicaof", f"127.0.0.1 {primary.port}")
    async with asyncio.timeout(10):
        while replica.client().info("replication")["master_link_status"] != "up":
            await asyncio.sleep(0.05)
    code, lines = await (await run("serve", replica.port)).ended()
    assert code == 78
    assert "role is slave; expected master" in lines[0]


async def test_a_volatile_redis_that_is_allowed_is_told_by_health(start_service, start_redis):
    redis = start_redis("--appendonly", "no")
    service = await start_service(redis.port, ALLOW_VOLATILE_REDIS="1")
    status, health = await service.get("/health")
    assert (status, health["checks"]["database"], health["volatile_redis"]) == (200, True, True)
    unasked = await start_service(redis.port)
    status, health = await unasked.get("/health")
    assert (status, health["checks"]["database"], health["volatile_redis"]) == (503, False, False)


async def test_a_process_that_is_allowed_starts_and_says_what_it_puts_up_with(run, start_redis):
    program = await run("serve", start_redis("--appendfsync", "everysec").port, ALLOW_VOLATILE_REDIS="1")
    assert (await program.until("redis.unfit"))["Attributes"]["redis.setting"] == "appendfsync"
    await program.until("service.started")


async def test_a_redis_that_does_not_answer_yet_is_looked_at_when_it_does(run, start_redis):
    redis = start_redis("--appendfsync", "no")
    redis.hang()
    program = await run("serve", redis.port)
    await program.until("redis.unchecked")
    started = (await program.until("service.started"))["Attributes"]
    redis.resume()
    assert (await program.until("redis.unfit"))["Attributes"]["redis.setting.value"] == "no"
    async with ClientSession() as http, http.get(f"http://127.0.0.1:{started['server.port']}/health") as answer:
        assert (answer.status, (await answer.json())["checks"]["database"]) == (503, False)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"redis_version": "6.2.14"}, "redis_version is 6.2.14; expected 7.0 or later"),
        ({"aof_last_write_status": "err"}, "aof_last_write_status is err; expected ok"),
    ],
)
def test_what_no_server_at_hand_shows_is_judged_too(change, told):
    [fault] = judge("127.0.0.1:6379", FIT | change, "always")
    assert told in str(fault)


def test_a_fit_server_has_no_fault():
    assert list(judge("127.0.0.1:6379", FIT, "always")) == []
