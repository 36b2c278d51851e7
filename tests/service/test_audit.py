import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.__main__ import main
from service.audit.acknowledged import Acknowledged
from service.audit.figures import Figures
from service.audit.shard import ShardBooks
from service.audit.witnesses import mismatched
from service.domain.tenant import Plan
from service.ledger import keys
from service.ledger.journal import JournalEntry
from tests.service.conftest import IS_CLUSTER
from tests.service.ledger_life import CATALOG, Life

TENANT = "0" * 32


def use(event_id, value=1, hour="2026-03-01T12", *, tenant_id=TENANT, **changes):
    fields = {
        "kind": "usage",
        "tenant_id": tenant_id,
        "event_id": event_id,
        "event_type": "sign_events",
        "value": str(value),
        "timestamp": f"{hour}:30:00.000000Z",
        "billed_hour": hour,
        "day": hour[:10],
        "price": str(5 * value),
    }
    return JournalEntry("1-1", fields | changes)


def promise(entry):
    fields = entry.fields
    hour = fields["timestamp"][:13]
    return Acknowledged(fields["tenant_id"], fields["event_id"], fields["event_type"], int(fields["value"]), hour)


def books_of(entries, promised=()):
    books = ShardBooks({promise(entry) for entry in promised})
    for entry in entries:
        books.take(entry)
    books.close()
    return books


def lost(books):
    return sum(each.lost for each in books.figures.values())


def doubled(books):
    return sum(each.doubled for each in books.figures.values())


uses = st.lists(
    st.builds(use, st.sampled_from("abcdef"), st.integers(1, 9), tenant_id=st.sampled_from([TENANT, "1" * 32])),
    unique_by=lambda each: (each.fields["tenant_id"], each.fields["event_id"]),
)


@given(uses)
def test_a_journal_that_holds_exactly_what_was_acknowledged_is_clean(held):
    books = books_of(held, held)
    assert (lost(books), doubled(books), books.unacknowledged) == (0, 0, 0)
    assert not list(mismatched(books, dict(books.expected)))


@given(uses.filter(bool), st.data())
def test_any_single_loss_double_or_difference_is_found(held, data):
    victim = data.draw(st.sampled_from(held))
    rest = [each for each in held if each is not victim]
    assert lost(books_of(rest, held)) == 1
    assert doubled(books_of([*held, victim], held)) == 1
    assert books_of(held, rest).unacknowledged == 1
    counters = dict(books_of(held).expected)
    assert len(list(mismatched(books_of([*held, victim]), counters))) == 6


def test_another_value_than_the_acknowledged_one_is_a_loss():
    assert lost(books_of([use("a", 2)], [use("a", 1)])) == 1


def test_an_id_is_doubled_only_within_its_day_and_apart_from_corrections():
    next_day, correction = use("a", hour="2026-03-02T12"), use("a", -1, kind="correction")
    assert doubled(books_of([use("a"), next_day, correction])) == 0
    assert doubled(books_of([use("a"), correction, use("a", -1, hour="2026-03-02T12", kind="correction")])) == 1


def test_ids_are_forgotten_when_they_are_free_again():
    late = use("a", day="2026-04-08")
    assert doubled(books_of([use("a"), use("b", hour="2026-04-08T00"), late])) == 0
    assert doubled(books_of([use("a"), use("b", hour="2026-04-07T00"), late])) == 1


@pytest.mark.parametrize(
    ("figures", "differs"),
    [
        (Figures(ledger=3, archive=3, billed=3, unsealed=3), ()),
        (Figures(ledger=3, archive=3, billed=3, sealed=3, waiting=3, stripe=0), ()),
        (Figures(ledger=3, archive=3, billed=3, sealed=3, waiting=3, uncertain=[3], stripe=3), ()),
        (Figures(ledger=3, archive=3, billed=3, sealed=3, dropped=1, sent=2, stripe=2), ()),
        (Figures(ledger=3, archive=2), ("archive",)),
        (Figures(billed=3, sealed=2), ("sealed", "sent")),
        (Figures(billed=3, sealed=3, sent=2), ("sent",)),
        (Figures(billed=3, sealed=3, sent=3, stripe=6), ("stripe",)),
        (Figures(billed=3, sealed=3, sent=1, waiting=2, uncertain=[2], stripe=2), ("stripe",)),
        (Figures(stripe=1), ("stripe",)),
    ],
)
def test_what_is_on_its_way_is_no_difference_and_all_else_is(figures, differs):
    assert figures.differences() == differs


@dataclass
class Ran:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run_audit(own_redis, tmp_path, monkeypatch, capsys):
    """Run the command in a thread of its own, because it brings its own event loop."""
    monkeypatch.setenv("REDIS_PORT", str(own_redis.port))
    monkeypatch.setenv("REDIS_CLUSTER", str(IS_CLUSTER).lower())
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    path = tmp_path / "acknowledged.jsonl"

    async def run(*lines, output="json", stripe=None):
        path.write_text("".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines))
        argv = ["audit", "--acknowledged", str(path), "--output", output]
        if stripe is None:
            argv.append("--no-stripe")
        else:
            monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_example")
            monkeypatch.setenv("STRIPE_API_BASE", f"http://127.0.0.1:{stripe.port}")
        code = await asyncio.to_thread(main, argv)
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


def uses_in(client, stream):
    return [entry for entry in client.xrange(stream) if entry[1]["kind"] == "usage"]


async def test_a_clean_ledger_passes(run_audit, reported):
    ran = await run_audit(*reported)
    assert ran.returncode == 0, ran.stderr
    counts = {"acknowledged": 3, "lost": 0, "doubled": 0, "unacknowledged": 0, "counter_mismatches": 0}
    told = json.loads(ran.stdout)
    assert {name: told[name] for name in counts} == counts
    assert (told["units"]["ledger"], told["units"]["archive"], told["units"]["stripe"]) == (15, 15, None)


async def test_a_planted_loss_is_found(run_audit, reported, own_redis):
    client, stream = own_redis.client(), keys.events(keys.shard_of(reported[0]["tenant_id"]))
    client.xdel(stream, uses_in(client, stream)[0][0])
    ran = await run_audit(*reported)
    assert ran.returncode == 1
    assert json.loads(ran.stdout)["lost"] == 1


async def test_a_planted_double_is_found(run_audit, reported, own_redis):
    client, stream = own_redis.client(), keys.events(keys.shard_of(reported[0]["tenant_id"]))
    client.xadd(stream, uses_in(client, stream)[0][1])
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
    assert f"counter differs: {name} " in ran.stdout


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
        (
            {"tenant_id": "t", "event_id": "e", "event_type": "x", "value": 1, "timestamp": "2026-03-01T00:00:00Z"},
            "tenant_id: expected",
        ),
    ],
)
async def test_a_bad_line_is_named(run_audit, line, message):
    ran = await run_audit(line)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert message in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


async def test_a_ledger_out_of_reach_is_no_difference(run_audit, monkeypatch):
    monkeypatch.setenv("REDIS_PORT", "1")
    ran = await run_audit()
    assert ran.returncode == 2
    assert "127.0.0.1:1: " in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


@pytest.fixture
async def lived(own_redis, open_ledger, enroll, tmp_path, stripe):
    """A ledger with intents in every state and half of its journal archived, and Stripe with what was sent."""
    life = Life(open_ledger(own_redis.port), tmp_path / "data")
    customer_id = (await stripe.call("/v1/customers", name="Example"))["id"]
    await life.enroll(enroll, 1, plan=Plan.ENTERPRISE, customer_id=customer_id)
    await life.use(200)
    await life.correct(-1)
    life.sent = await life.end([intent for intent in await life.seal() if intent.value > 0])
    await life.archive(limit=120)
    await life.use(20, seed=1)
    for intent in life.sent.values():
        await tell(stripe, customer_id, intent)
    return life


async def tell(stripe, customer_id, intent, identifier=None):
    payload = {"payload[stripe_customer_id]": customer_id, "payload[value]": str(intent.value)}
    named = {"event_name": CATALOG.events[intent.event_type].meter, "identifier": identifier or intent.intent_id}
    await stripe.call("/v1/billing/meter_events", **named, timestamp=intent.timestamp, **payload)


async def test_archive_journal_counters_and_stripe_agree(run_audit, lived, stripe):
    ran = await run_audit(*lived.acknowledged, stripe=stripe)
    told = json.loads(ran.stdout)
    assert (ran.returncode, told["differences"]) == (0, []), ran.stdout + ran.stderr
    units = told["units"]
    assert units["ledger"] == sum(line["value"] for line in lived.acknowledged) - 1
    assert units["stripe"] == units["sent"] == sum(intent.value for intent in lived.sent.values()) > 0
    assert min(units["waiting"], units["dropped"], units["unsealed"]) > 0


async def test_usage_that_stripe_has_twice_is_found_at_its_hour(run_audit, lived, stripe, own_redis):
    intent = next(iter(lived.sent.values()))
    customer_id = own_redis.client().hget(keys.tenant(intent.tenant_id), "customer_id")
    await tell(stripe, customer_id, intent, "twice")
    ran = await run_audit(*lived.acknowledged, stripe=stripe)
    [row] = json.loads(ran.stdout)["differences"]
    assert (ran.returncode, row["hour"], row["differs"]) == (1, intent.hour, ["stripe"])
    assert row["stripe"] == row["sent"] + intent.value
    table = (await run_audit(*lived.acknowledged, stripe=stripe, output="table")).stdout
    assert any(intent.hour in line and line.endswith("  stripe") for line in table.splitlines())


async def test_a_damaged_archive_is_told_in_one_line(run_audit, lived):
    newest = max((lived.data_dir / "archive" / "s00").iterdir())
    newest.write_bytes(newest.read_bytes().replace(b'"usage"', b'"Usage"', 1))
    ran = await run_audit(*lived.acknowledged)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "expected chain" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


async def test_stripe_out_of_reach_is_told_in_one_line(run_audit, lived, stripe):
    stripe.status = 500
    ran = await run_audit(*lived.acknowledged, stripe=stripe)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "or --no-stripe" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
