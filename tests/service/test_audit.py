import asyncio
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.__main__ import main
from service.ledger import keys
from service.ledger.audit import Entry, audit

WHEN = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def entry(event_id, value=1, tenant_id="00", **changes):
    booked = {"billed_hour": "2026-03-01T12", "day": "2026-03-01", "price_microcents": 5 * value}
    return Entry(tenant_id, event_id, "sign_events", value, WHEN, **booked | changes)


def counters(*entries):
    summed = {}
    for each in entries:
        for period in ("2026-03-01T12", "2026-03", "billed 2026-03-01T12", "billed 2026-03"):
            key = (each.tenant_id, period, each.event_type)
            summed[key] = summed.get(key, 0) + each.value
        spend = (each.tenant_id, "spend 2026-03-01", "microcents")
        summed[spend] = summed.get(spend, 0) + 5 * each.value
    return summed


entries = st.builds(entry, st.sampled_from("abcdef"), st.integers(1, 9), st.sampled_from(["00", "01"]))


@given(st.lists(entries, unique_by=lambda each: each.key))
def test_a_ledger_that_holds_exactly_what_was_acknowledged_is_clean(held):
    result = audit(held + held, held, counters(*held))
    assert result.is_clean
    assert result.acknowledged == len(held)


@given(st.lists(entries, unique_by=lambda each: each.key, min_size=1), st.data())
def test_any_single_loss_double_or_difference_is_found(held, data):
    victim = data.draw(st.sampled_from(held))
    rest = [each for each in held if each is not victim]
    assert audit(held, rest, counters(*rest)).lost == (victim.key,)
    assert audit(held, [*held, victim], counters(*held, victim)).doubled == (victim.key,)
    assert len(audit(held, held, counters(*held, victim)).counter_mismatches) == 5
    assert audit(rest, held, counters(*held)).unacknowledged == (victim.key,)


def test_another_value_than_the_acknowledged_one_is_a_loss():
    assert audit([entry("a", 1)], [entry("a", 2)], counters(entry("a", 2))).lost == (("00", "a"),)


def test_usage_of_the_trial_is_counted_as_such():
    held = [entry("a", 3, billed_hour="", price_microcents=0)]
    month, trial = ("00", "2026-03", "sign_events"), ("00", "trial", "sign_events")
    counted = {("00", "2026-03-01T12", "sign_events"): 3, month: 3, trial: 3}
    assert audit(held, held, counted).is_clean
    assert audit(held, held, {**counted, ("00", "billed 2026-03", "sign_events"): 3}).counter_mismatches


def test_an_id_is_doubled_only_within_its_day_and_apart_from_corrections():
    next_day = replace(entry("a"), timestamp=WHEN + timedelta(days=1))
    correction = entry("a", -1, kind="correction")
    held = [entry("a"), next_day, correction]
    assert audit([], held, {}).doubled == ()
    assert audit([], held, {}).unacknowledged == (("00", "a"),)
    assert audit([], [*held, replace(correction, timestamp=next_day.timestamp)], {}).doubled == (
        ("00", "correction a"),
    )


@dataclass
class Ran:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run_audit(own_redis, tmp_path, monkeypatch, capsys):
    """Run the command in a thread of its own, because it brings its own event loop."""
    monkeypatch.setenv("REDIS_PORT", str(own_redis.port))
    path = tmp_path / "acknowledged.jsonl"

    async def run(*lines, output="json"):
        path.write_text("".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines))
        code = await asyncio.to_thread(main, ["audit", "--acknowledged", str(path), "--output", output])
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture
async def reported(start_service, own_redis, make_event):
    """Three acknowledged events, as the client saw them."""
    service = await start_service(own_redis.port)
    tenant_id, headers = await service.tenant()
    events = [make_event(name, value=5) for name in "abc"]
    await service.report(headers, *events)
    return [{"tenant_id": tenant_id, **event, "acknowledged_at": 1.5} for event in events]


async def test_a_clean_ledger_passes(run_audit, reported):
    ran = await run_audit(*reported)
    assert ran.returncode == 0, ran.stderr
    counts = {"acknowledged": 3, "lost": 0, "doubled": 0, "unacknowledged": 0, "counter_mismatches": 0}
    assert json.loads(ran.stdout) == counts


async def test_a_planted_loss_is_found(run_audit, reported, own_redis):
    client, stream = own_redis.client(), keys.events(keys.shard_of(reported[0]["tenant_id"]))
    client.xdel(stream, client.xrange(stream)[0][0])
    ran = await run_audit(*reported)
    assert ran.returncode == 1
    assert json.loads(ran.stdout)["lost"] == 1


async def test_a_planted_double_is_found(run_audit, reported, own_redis):
    client, stream = own_redis.client(), keys.events(keys.shard_of(reported[0]["tenant_id"]))
    client.xadd(stream, client.xrange(stream)[0][1])
    ran = await run_audit(*reported)
    assert ran.returncode == 1
    counts = json.loads(ran.stdout)
    assert (counts["lost"], counts["doubled"], counts["counter_mismatches"]) == (0, 1, 3)


@pytest.mark.parametrize("which", ["hours", "months", "billed", "trial", "spend"])
async def test_a_planted_counter_difference_is_found(run_audit, reported, own_redis, which):
    tenant_id = reported[0]["tenant_id"]
    month = keys.month_of(datetime.now(UTC))
    place = getattr(keys, which)
    name = place(tenant_id, month) if which in {"hours", "billed"} else place(tenant_id)
    client = own_redis.client()
    client.hincrby(name, next(iter(client.hkeys(name)), "2026-11-23"), 1)
    ran = await run_audit(*reported, output="table")
    assert ran.returncode == 1
    assert "counter differs: " + tenant_id in ran.stdout


async def test_an_event_nobody_got_an_answer_for_is_no_fault(run_audit, reported):
    ran = await run_audit(*reported[:2])
    assert ran.returncode == 0
    assert json.loads(ran.stdout)["unacknowledged"] == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nonsense\n", "acknowledged.jsonl:1: not JSON"),
        ("[]\n", "acknowledged.jsonl:1: expected an object"),
        ({"tenant_id": "t"}, "acknowledged.jsonl:1: event_id: expected str"),
        (
            {"tenant_id": "t", "event_id": "e", "event_type": "x", "value": True, "timestamp": "x"},
            "value: expected int",
        ),
        ({"tenant_id": "t", "event_id": "e", "event_type": "x", "value": 1, "timestamp": "x"}, "timestamp: expected"),
    ],
)
async def test_a_bad_line_is_named(run_audit, line, message):
    ran = await run_audit(line)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert message in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


async def test_a_ledger_out_of_reach_is_no_difference(run_audit, own_redis):
    own_redis.kill()
    ran = await run_audit()
    assert ran.returncode == 2
    assert f"127.0.0.1:{own_redis.port}" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
