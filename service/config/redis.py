"""Where the ledger is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.config.reader import Reader
from service.config.rules import is_loopback


@dataclass(frozen=True, slots=True)
class RedisConfig:
    """`cluster` means that the address is a node of a Redis Cluster; `allow_volatile`, that it may lose data."""

    host: str
    port: int
    db: int
    tls: bool
    password: str | None = field(repr=False)
    cluster: bool = False
    allow_volatile: bool = False

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "RedisConfig":
        """Read only the REDIS_ variables; raises ConfigError."""
        reader = Reader(env)
        redis = read_redis(reader)
        reader.finish()
        return redis


def read_redis(reader: Reader) -> RedisConfig:
    host = reader.text("REDIS_HOST", "127.0.0.1")
    password = reader.text("REDIS_PASSWORD", "") or None
    if password is None and not is_loopback(host):
        reader.reject("REDIS_PASSWORD", "is required unless REDIS_HOST is a loopback address")
    db, cluster = reader.integer("REDIS_DB", 0, 0, 15), reader.flag("REDIS_CLUSTER")
    if cluster and db:
        reader.reject("REDIS_DB", "must be 0 with REDIS_CLUSTER=true: a cluster has one database")
    return RedisConfig(
        host=host,
        port=reader.integer("REDIS_PORT", 6379, 1, 65535),
        db=db,
        tls=reader.flag("REDIS_TLS"),
        password=password,
        cluster=cluster,
        allow_volatile=reader.choice("ALLOW_VOLATILE_REDIS", "0", ("0", "1")) == "1",
    )
