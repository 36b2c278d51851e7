from datetime import UTC, datetime, timedelta

import pytest
import redis

from service.config import Config
from service.domain.usage import EventType, UsageEvent
from service.errors import LedgerUnavailableError
from service.ledger import keys
from service.ledger.connection import Ledger, connect
from service.ledger.ingest import UsageIntake
from service.telemetry.pipeline import create_resource, create_telemetry

TENANT = "7f" + "0" * 30
NOW = datetime.now(UTC)


def event(event_id, value=1, when=NOW):
    return UsageEvent(event_id, EventType.SIGN_EVENTS, value, when, {})


@pytest.fixture
async def intake(own_redis, environment):
    config = Config.from_env(environment(own_redis.port))
    ledger = Ledger(connect(config.redis), create_telemetry(create_resource("test", "test"), [], []))
    yield UsageIntake(ledger)
    await ledger.close()


def contents(server):
    """Everything that the server holds, by key."""
    with server.client() as client:
        readers = {"hash": client.hgetall, "stream": client.xrange, "string": client.get}
        return {key: readers[client.type(key)](key) for key in client.scan_iter()}


async def test_an_accepted_event_is_claimed_appended_and_counted_together(intake, own_redis):
    await intake.take(TENANT, [event("a", 3), event("b", 4)])
    held = contents(own_redis)
    month = keys.month_of(NOW)
    assert set(held[keys.claims(TENANT, NOW)]) == {"a", "b"}
    assert [fields["event_id"] for _, fields in held[keys.events(keys.shard_of(TENANT))]] == ["a", "b"]
    assert held[keys.hours(TENANT, month)] == {f"{keys.hour_of(NOW)}|sign_events": "7"}
    assert held[keys.months(TENANT)] == {f"{month}|sign_events": "7"}
    assert all(name.startswith("{s15}:") for name in held)


async def test_claims_outlive_the_age_at_which_an_event_is_refused(intake, own_redis):
    old = NOW - timedelta(days=35)
    await intake.take(TENANT, [event("old", when=old)])
    day_end = old.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    expiry = own_redis.client().expiretime(keys.claims(TENANT, old))
    assert expiry == int((day_end + timedelta(days=36)).timestamp())


@pytest.mark.parametrize(
    "name",
    [
        keys.events(keys.shard_of(TENANT)),
        keys.months(TENANT),
        keys.hours(TENANT, keys.month_of(NOW)),
        keys.claims(TENANT, NOW),
    ],
)
async def test_nothing_is_written_where_one_key_is_of_the_wrong_type(intake, own_redis, name):
    own_redis.client().set(name, "in the way")
    with pytest.raises(LedgerUnavailableError):
        await intake.take(TENANT, [event("a"), event("b")])
    assert contents(own_redis) == {name: "in the way"}


async def test_nothing_is_written_where_a_counter_is_broken(intake, own_redis):
    own_redis.client().hset(keys.months(TENANT), f"{keys.month_of(NOW)}|sign_events", "many")
    before = contents(own_redis)
    with pytest.raises(LedgerUnavailableError):
        await intake.take(TENANT, [event("a")])
    assert contents(own_redis) == before


async def test_nothing_is_written_where_memory_is_full_and_the_event_is_taken_later(intake, own_redis):
    client = own_redis.client()
    client.config_set("maxmemory", 1)
    with pytest.raises(LedgerUnavailableError):
        await intake.take(TENANT, [event("a")])
    client.config_set("maxmemory", 0)
    assert contents(own_redis) == {}
    assert await intake.take(TENANT, [event("a")]) == ["accepted"]


async def test_a_server_that_forgot_the_script_is_taught_it_again(intake, own_redis):
    await intake.take(TENANT, [event("a")])
    own_redis.client().script_flush()
    assert await intake.take(TENANT, [event("a"), event("b")]) == ["duplicate", "accepted"]


async def test_a_read_only_server_is_unavailable(intake, own_redis):
    with own_redis.client() as client:
        client.replicaof("127.0.0.1", "1")
        with pytest.raises(LedgerUnavailableError) as caught:
            await intake.take(TENANT, [event("a")])
    assert isinstance(caught.value.__cause__, redis.RedisError)
