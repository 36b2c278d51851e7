import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import redis

from service.domain.catalog import load_catalog
from service.domain.tenant import Plan, TenantStatus
from service.domain.usage import EventType, UsageEvent
from service.errors import LedgerUnavailableError, NotFoundError, TenantCanceledError, TenantSuspendedError
from service.ledger import keys
from service.ledger.audit_trail import AuditTrail
from service.ledger.ingest import UsageIntake
from service.ledger.metering import encode_terms
from service.ledger.usage import UsageReader

TENANT = "7f" + "0" * 30
JOURNAL, UNSEALED = keys.events(keys.shard_of(TENANT)), keys.unsealed(keys.shard_of(TENANT))
NOW = datetime.now(UTC)
CATALOG = load_catalog()
SIGN, VERIFY, STAMP = EventType


def event(event_id, value=1, when=NOW, kind=SIGN):
    return UsageEvent(event_id, kind, value, when, {})


@pytest.fixture
async def intake(own_redis, open_ledger, enroll):
    ledger = open_ledger(own_redis.port)
    await enroll(ledger, tenant_id=TENANT)
    return UsageIntake(ledger, CATALOG)


async def taken(intake, *events, now=NOW, tenant_id=TENANT):
    outcomes = (await intake.take(tenant_id, events, now)).outcomes
    return [each.code or each.outcome for each in outcomes]


def contents(server):
    """Everything that the server holds, by key."""
    with server.client() as client:
        readers = {"hash": client.hgetall, "stream": client.xrange, "string": client.get, "set": client.smembers}
        return {key: readers[client.type(key)](key) for key in client.scan_iter()}


def ingest_calls(server):
    return server.client().info("commandstats")["cmdstat_evalsha"]["calls"]


async def test_an_accepted_event_is_claimed_appended_and_counted_together(intake, own_redis):
    before = contents(own_redis)
    await taken(intake, event("a", 300), event("b", 240))
    held, month, hour = contents(own_redis), keys.month_of(NOW), keys.hour_of(NOW)
    assert set(held[keys.claims(TENANT, NOW)]) == {"a", "b"}
    journal = [fields for _, fields in held[JOURNAL] if fields["kind"] == "usage"]
    assert [(f["event_id"], f["tenant_id"], f["billed_hour"], f["price"]) for f in journal] == [
        ("a", TENANT, hour, "0"),
        ("b", TENANT, hour, str(40 * 50_000_000)),
    ]
    assert {f["event_id"]: f["claim"] for f in journal} == held[keys.claims(TENANT, NOW)]
    assert held[keys.hours(TENANT, month)] == {f"{hour}|sign_events": "540"}
    assert held[keys.months(TENANT)] == {f"{month}|sign_events": "540"}
    assert held[keys.billed(TENANT, month)] == {f"{hour}|sign_events": "540", f"{month}|sign_events": "540"}
    assert held[keys.spend(TENANT)] == {keys.day_of(NOW): str(40 * 50_000_000)}
    assert held[UNSEALED] == {f"{TENANT}|sign_events|{hour}": "540"}
    assert len(held) == len(before) + 6
    assert all(name.startswith("{s15}:") for name in held)


async def test_claims_outlive_the_age_at_which_an_event_is_refused(intake, own_redis):
    old = NOW - timedelta(days=35)
    await taken(intake, event("old", when=old))
    day_end = old.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    expiry = own_redis.client().expiretime(keys.claims(TENANT, old))
    assert expiry == int((day_end + timedelta(days=36)).timestamp())


@pytest.mark.parametrize(
    "name",
    [
        JOURNAL,
        UNSEALED,
        keys.tenant(TENANT),
        keys.trail(TENANT),
        keys.months(TENANT),
        keys.spend(TENANT),
        keys.trial(TENANT),
        keys.hours(TENANT, keys.month_of(NOW)),
        keys.billed(TENANT, keys.month_of(NOW)),
        keys.claims(TENANT, NOW),
    ],
)
async def test_nothing_is_written_where_one_key_is_of_the_wrong_type(intake, own_redis, name):
    own_redis.client().set(name, "in the way")
    before = contents(own_redis)
    with pytest.raises(LedgerUnavailableError):
        await taken(intake, event("a"), event("b"))
    assert contents(own_redis) == before


@pytest.mark.parametrize("broken", ["many", "1.5", str(2**53)])
@pytest.mark.parametrize(
    ("name", "field"),
    [
        (keys.months(TENANT), f"{keys.month_of(NOW)}|sign_events"),
        (UNSEALED, f"{TENANT}|sign_events|{keys.hour_of(NOW)}"),
    ],
)
async def test_nothing_is_written_where_a_counter_is_broken(intake, own_redis, name, field, broken):
    own_redis.client().hset(name, field, broken)
    before = contents(own_redis)
    with pytest.raises(LedgerUnavailableError):
        await taken(intake, event("a"))
    assert contents(own_redis) == before


async def test_a_tenant_whose_data_is_broken_harms_nobody_in_the_same_call(intake, own_redis, open_ledger, enroll):
    neighbour, _ = await enroll(open_ledger(own_redis.port), tenant_id="7f" + "1" * 30)
    own_redis.client().hset(keys.months(TENANT), f"{keys.month_of(NOW)}|verify_events", "many")
    asked = [
        intake.take(neighbour.tenant_id, [event("first")], NOW),
        intake.take(TENANT, [event("a"), event("b", kind=VERIFY)], NOW),
        intake.take(TENANT, [event("b")], NOW),
        intake.take(neighbour.tenant_id, [event("a"), event("first")], NOW),
    ]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(answers[1], LedgerUnavailableError)
    assert [[taken.outcome for taken in answers[each].outcomes] for each in (0, 2, 3)] == [
        ["accepted"],
        ["accepted"],
        ["accepted", "duplicate"],
    ]
    held = contents(own_redis)
    assert set(held[keys.claims(TENANT, NOW)]) == {"b"}
    assert held[keys.hours(TENANT, keys.month_of(NOW))] == {f"{keys.hour_of(NOW)}|sign_events": "1"}


REPORTS = [
    [event("warm", 1)],
    [event("a", 50, kind=STAMP)],
    [event("b", 40, kind=STAMP), event("v", 5, kind=VERIFY)],
    [event("a", 50, kind=STAMP), event("b", 41, kind=STAMP)],
    [event("c", 10, kind=STAMP), event("d", 1, kind=STAMP)],
]


async def test_requests_of_one_call_see_what_those_before_them_took(intake, own_redis):
    await taken(intake)
    before = ingest_calls(own_redis)
    asked = [intake.take(TENANT, events, NOW, str(number)) for number, events in enumerate(REPORTS)]
    first, *answers = await asyncio.gather(*asked)
    assert ingest_calls(own_redis) == before + 2
    assert [taken.outcome for answer in [first, *answers] for taken in answer.outcomes] == [
        *["accepted"] * 4,
        "duplicate",
        "conflict",
        "accepted",
        "rejected",
    ]
    assert [answer.spend_microcents // 50_000_000 for answer in answers] == [50, 90, 90, 100]
    assert [answer.steps_crossed for answer in answers] == [(50,), (70, 85), (), (95, 100)]
    told = (await AuditTrail(intake._ledger).page(TENANT, None, 5))[0]
    assert [(record.entry.details["percent"], record.entry.request_id) for record in reversed(told)] == [
        (50, "1"),
        (70, "2"),
        (85, "2"),
        (95, "4"),
        (100, "4"),
    ]


async def test_nothing_is_written_where_memory_is_full_and_the_event_is_taken_later(intake, own_redis):
    client, before = own_redis.client(), contents(own_redis)
    client.config_set("maxmemory", 1)
    with pytest.raises(LedgerUnavailableError):
        await taken(intake, event("a"))
    client.config_set("maxmemory", 0)
    assert contents(own_redis) == before
    assert await taken(intake, event("a")) == ["accepted"]


async def test_a_server_that_forgot_the_script_is_taught_it_again(intake, own_redis):
    await taken(intake, event("a"))
    own_redis.client().script_flush()
    assert await taken(intake, event("a"), event("b")) == ["duplicate", "accepted"]


async def test_a_read_only_server_is_unavailable(intake, own_redis):
    with own_redis.client() as client:
        client.replicaof("127.0.0.1", "1")
        with pytest.raises(LedgerUnavailableError) as caught:
            await taken(intake, event("a"))
    assert isinstance(caught.value.__cause__, redis.RedisError)


@pytest.mark.parametrize(
    ("status", "error"), [(TenantStatus.SUSPENDED, TenantSuspendedError), (TenantStatus.CANCELED, TenantCanceledError)]
)
async def test_a_tenant_that_may_not_use_anything_is_refused_as_a_whole(ledger, enroll, status, error):
    tenant, _ = await enroll(ledger, status=status)
    for events in ([], [event("a")]):
        with pytest.raises(error):
            await taken(UsageIntake(ledger, CATALOG), *events, tenant_id=tenant.tenant_id)
    with pytest.raises(NotFoundError):
        await taken(UsageIntake(ledger, CATALOG), event("a"), tenant_id="7f" + "1" * 30)


async def trial_tenant(ledger, enroll):
    tenant, _ = await enroll(ledger, trial_ends_at=int((NOW + timedelta(days=1)).timestamp()))
    return tenant.tenant_id


async def test_the_trial_cap_is_exact_and_takes_what_still_fits(ledger, enroll):
    intake, tenant_id = UsageIntake(ledger, CATALOG), await trial_tenant(ledger, enroll)
    reported = [event("a", 190), event("b", 11), event("c", 10), event("d"), event("v", 9_000, kind=VERIFY)]
    found = await taken(intake, *reported, tenant_id=tenant_id)
    assert found == ["accepted", "TRIAL_LIMIT_EXCEEDED", "accepted", "TRIAL_LIMIT_EXCEEDED", "accepted"]
    again = await taken(intake, reported[0], reported[1], reported[2], tenant_id=tenant_id)
    assert again == ["duplicate", "TRIAL_LIMIT_EXCEEDED", "duplicate"]
    assert (await UsageReader(ledger).billed(tenant_id, keys.month_of(NOW)))[SIGN] == 0
    told = [record.entry for record in (await AuditTrail(ledger).page(tenant_id, None, 10))[0]]
    assert [(entry.action, dict(entry.details)) for entry in told if entry.action == "trial.exhausted"] == [
        ("trial.exhausted", {"event_type": "sign_events", "cap": 200})
    ]


async def test_the_hour_in_which_the_trial_ends_is_billed(ledger, enroll):
    ends = NOW.replace(minute=0, second=0, microsecond=0)
    tenant, _ = await enroll(ledger, trial_ends_at=int(ends.timestamp()))
    events = [event("in", 3, ends - timedelta(seconds=1)), event("out", 5, ends)]
    await taken(UsageIntake(ledger, CATALOG), *events, tenant_id=tenant.tenant_id)
    reader = UsageReader(ledger)
    assert (await reader.trial_used(tenant.tenant_id))[SIGN] == 3
    assert (await reader.billed(tenant.tenant_id, keys.month_of(ends)))[SIGN] == 5


async def test_the_cost_cap_is_never_passed_and_each_step_is_told_once(ledger, enroll):
    tenant, _ = await enroll(ledger, plan=Plan.STARTER)
    intake, tenant_id = UsageIntake(ledger, CATALOG), tenant.tenant_id
    stamps = [event(f"t{number}", 1, kind=STAMP) for number in range(101)]
    first = await intake.take(tenant_id, stamps[:50], NOW, "request")
    assert (first.spend_microcents, first.steps_crossed) == (2_500_000_000, (50,))
    second = await intake.take(tenant_id, stamps[49:], NOW, "request")
    assert (second.spend_microcents, second.steps_crossed) == (5_000_000_000, (70, 85, 95, 100))
    assert [each.code or each.outcome for each in second.outcomes] == [
        "duplicate",
        *["accepted"] * 50,
        "DAILY_COST_CAP_EXCEEDED",
    ]
    third = await intake.take(tenant_id, [*stamps[:1], event("free", 400), stamps[100]], NOW)
    assert [each.code or each.outcome for each in third.outcomes] == [
        "duplicate",
        "accepted",
        "DAILY_COST_CAP_EXCEEDED",
    ]
    assert third.steps_crossed == ()
    told = [record.entry for record in (await AuditTrail(ledger).page(tenant_id, None, 10))[0]]
    steps = [entry for entry in told if entry.action == "cost_cap.reached"]
    assert [entry.details["percent"] for entry in reversed(steps)] == [50, 70, 85, 95, 100]
    assert {(entry.actor, entry.request_id, entry.details["cap_microcents"]) for entry in steps} == {
        ("service", "request", 5_000_000_000)
    }
    tomorrow = await taken(intake, stamps[100], now=NOW + timedelta(days=1), tenant_id=tenant_id)
    assert tomorrow == ["accepted"]


async def test_usage_of_a_closed_month_is_billed_in_the_first_hour_of_this_one(ledger, enroll):
    tenant, _ = await enroll(ledger)
    intake, reader = UsageIntake(ledger, CATALOG), UsageReader(ledger)
    closing = datetime(2126, 3, 1, 0, 15, tzinfo=UTC)
    february = closing - timedelta(hours=1)
    await taken(intake, event("a", 2, february), now=closing - timedelta(seconds=1), tenant_id=tenant.tenant_id)
    await taken(intake, event("b", 3, february), now=closing, tenant_id=tenant.tenant_id)
    assert (await reader.billed(tenant.tenant_id, "2126-02"))[SIGN] == 2
    assert (await reader.billed(tenant.tenant_id, "2126-03"))[SIGN] == 3
    assert await reader.billed_days(tenant.tenant_id, "2126-03") == {"2126-03-01": {SIGN: 3}}
    assert await reader.served_days(tenant.tenant_id, "2126-02") == {"2126-02-28": {SIGN: 5}}


def test_prices_that_lua_cannot_count_exactly_are_refused_before_they_are_used():
    dear = CATALOG.plans[Plan.PRO].daily_cost_cap_microcents * 10**6
    plans = {**CATALOG.plans, Plan.PRO: replace(CATALOG.plans[Plan.PRO], daily_cost_cap_microcents=dear)}
    with pytest.raises(ValueError, match="plan pro: expected prices and a cap"):
        encode_terms(replace(CATALOG, plans=plans))
