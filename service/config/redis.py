"""Where the ledger is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.config.environment import Environment, read_environment
from service.config.reader import Reader
from service.config.rules import is_loopback
from service.config.strength import REDIS_PASSWORD


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
        redis = read_redis(reader, read_environment(reader))
        reader.finish()
        return redis


def read_redis(reader: Reader, environment: Environment) -> RedisConfig:
    host = reader.text("REDIS_HOST")
    password = reader.optional_secret("REDIS_PASSWORD", REDIS_PASSWORD.faults)
    if password is None and not (is_loopback(host) and not environment.is_production):
        reader.reject("REDIS_PASSWORD", "is required in production, and unless REDIS_HOST is a loopback address")
    db, cluster, tls = reader.integer("REDIS_DB", 0, 15), reader.flag("REDIS_CLUSTER"), reader.flag("REDIS_TLS")
    if cluster and db:
        reader.reject("REDIS_DB", "must be 0 with REDIS_CLUSTER=true: a cluster has one database")
    if environment.is_production and not tls:
        reader.reject("REDIS_TLS", "must be true in production")
    return RedisConfig(
        host=host,
        port=reader.integer("REDIS_PORT", 1, 65535),
        db=db,
        tls=tls,
        password=password,
        cluster=cluster,
        allow_volatile=reader.choice("ALLOW_VOLATILE_REDIS", ("0", "1")) == "1",
    )
