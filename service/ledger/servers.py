"""Clients for one Redis server and for a Redis Cluster, alike to the ledger.

Neither sends anything twice by itself. RESP2 is chosen on purpose: under RESP3 the pool hands out connections without
looking for a stale reply first.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException, RedisError

from service.config import REDIS_TIMEOUT_SECONDS, RedisConfig

POOL_SIZE = 512
"""Connections to one server."""


class Client(Protocol):
    """What the ledger asks of Redis; raises RedisError or OSError."""

    async def execute_command(self, *arguments: str | int) -> Any:
        """Run a command where its keys are."""
        ...

    async def ask_all(self, *arguments: str | int) -> Mapping[str, Any]:
        """Ask every server that takes writes; its answer by its address."""
        ...

    async def aclose(self) -> None: ...


def connect(config: RedisConfig, timeout_seconds: float = REDIS_TIMEOUT_SECONDS) -> Client:
    """Make a client that connects when first used."""
    options: dict[str, Any] = {
        "host": config.host,
        "port": config.port,
        "password": config.password,
        "ssl": config.tls,
        "protocol": 2,
        "decode_responses": True,
        "max_connections": POOL_SIZE,
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": timeout_seconds,
        "retry": Retry(NoBackoff(), 0),
        "driver_info": None,
    }
    if config.cluster:
        return _Cluster(options)
    return _Server(config.address, Redis(db=config.db, **options))


class _Commands(Protocol):
    """The part of redis-py's client for one server that is used here."""

    async def execute_command(self, *arguments: str | int) -> Any: ...

    async def aclose(self) -> None: ...


class _Server:
    def __init__(self, address: str, redis: _Commands) -> None:
        self._address = address
        self._redis = redis

    async def execute_command(self, *arguments: str | int) -> Any:
        return await self._redis.execute_command(*arguments)

    async def ask_all(self, *arguments: str | int) -> Mapping[str, Any]:
        return {self._address: await self._redis.execute_command(*arguments)}

    async def aclose(self) -> None:
        await self._redis.aclose()


class _Cluster:
    """Follows MOVED and ASK, because a server that answers so has run nothing; whatever else fails, fails at once.

    One redirection moves one slot: to learn the whole layout anew, redis-py would cut off every command under way.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._redis = RedisCluster(**options, reinitialize_steps=0, require_full_coverage=False)

    async def execute_command(self, *arguments: str | int) -> Any:
        with _as_redis_error():
            return await self._redis.execute_command(*arguments)

    async def ask_all(self, *arguments: str | int) -> Mapping[str, Any]:
        with _as_redis_error():
            await self._redis.initialize()
            primaries = self._redis.get_primaries()
            return {node.name: await node.execute_command(*arguments) for node in primaries}

    async def aclose(self) -> None:
        await self._redis.aclose()
        await self._redis.nodes_manager.aclose()  # which the line above leaves out where the last call failed


@contextmanager
def _as_redis_error() -> Iterator[None]:
    """What redis-py raises where no node can be reached is no RedisError."""
    try:
        yield
    except RedisClusterException as error:
        raise RedisError(str(error)) from error
