import asyncio
import json
import re
from collections import Counter
from importlib.resources import files

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from chaos.lab.stripe_sandbox.app import build_app
from service.__main__ import main
from service.config import StripeConfig
from service.domain.catalog import load_catalog, metered_lookup_key, parse_catalog
from service.domain.pricing import Tier
from service.domain.tenant import Plan
from service.domain.usage import EventType
from service.payments.catalog_plan import Action, SyncError
from service.payments.catalog_sync import compare_catalog, connected, sync_catalog

CATALOG = load_catalog()
EVERYTHING = {"product": 6, "meter": 3, "price": 12}


class Interrupted(Exception):
    """The command dies before its next change."""


class Sandbox:
    """Stripe's stand-in on a free port, with what it was asked to write."""

    def __init__(self, server, client, writes):
        self.url = str(server.make_url("")).rstrip("/")
        self.client = client
        self.writes = writes

    async def sync(self, catalog=CATALOG, die_before=None):
        """Sync; `die_before` is the action or the number of the change that is not made any more."""
        seen = []

        def progress(line):
            if die_before in (len(seen), line.split()[0]):
                raise Interrupted
            seen.append(line)

        return await sync_catalog(self.client, catalog, progress)

    async def prices(self, **filters):
        page = await self.client.v1.prices.list_async({"limit": 100, "expand": ["data.tiers"], **filters})
        return [price async for price in page.auto_paging_iter()]

    async def active_by_key(self):
        return {price.lookup_key: price for price in await self.prices(active=True)}

    async def product(self, key):
        page = await self.client.v1.products.list_async({"limit": 100})
        return next(each for each in page.data if each.metadata["catalog_key"] == key)


@pytest.fixture
async def sandbox():
    writes = []

    @web.middleware
    async def record(request, handler):
        if request.method == "POST":
            writes.append((request.path, request.headers["Idempotency-Key"]))
        return await handler(request)

    app = build_app()
    app.middlewares.append(record)
    async with TestServer(app) as server:
        config = StripeConfig(api_base=str(server.make_url("")).rstrip("/"), secret_key="sk_test_sync")
        async with connected(config) as client:
            yield Sandbox(server, client, writes)


def changed_catalog(old, new):
    text = files("service").joinpath("catalog.yaml").read_text()
    assert old in text
    return parse_catalog(text.replace(old, new))


DEARER = changed_catalog('"199.00"', '"219.00"')
SECOND_TIER = changed_catalog('{up_to: 6_000, price: "0.40"}', '{up_to: 6_000, price: "0.401"}')


def counted(result):
    return Counter((change.action, change.target.kind) for change in result.changes)


async def test_an_empty_account_is_filled_once(sandbox):
    result = await sandbox.sync()
    assert counted(result) == {(Action.CREATE, kind): number for kind, number in EVERYTHING.items()}
    written = len(sandbox.writes)
    again = await sandbox.sync()
    assert (again.changes, len(sandbox.writes)) == ((), written)
    assert again.price_ids == result.price_ids
    assert len(result.price_ids) == 12


async def test_comparing_changes_nothing(sandbox):
    result = await compare_catalog(sandbox.client, CATALOG)
    assert len(result.changes) == 21
    assert (result.price_ids, sandbox.writes) == ({}, [])


@pytest.mark.parametrize("plan", Plan)
async def test_stripe_holds_each_plans_fee_and_tiers(sandbox, plan):
    await sandbox.sync()
    active = await sandbox.active_by_key()
    fee = active[f"c2pa_{plan}"]
    assert fee.unit_amount * 1_000_000 == CATALOG.plans[plan].monthly_price_microcents
    assert (fee.recurring.interval, fee.recurring.usage_type) == ("month", "licensed")
    for event_type in EventType:
        price = active[metered_lookup_key(plan, event_type)]
        meter = await sandbox.client.v1.billing.meters.retrieve_async(price.recurring.meter)
        assert meter.event_name == CATALOG.events[event_type].meter
        assert (price.recurring.usage_type, price.tiers_mode) == ("metered", "graduated")
        tiers = tuple(Tier(tier.up_to, int(tier.unit_amount_decimal * 1_000_000)) for tier in price.tiers)
        assert tiers == CATALOG.tiers(plan, event_type)


async def test_meters_add_up_values_by_customer(sandbox):
    await sandbox.sync()
    meters = (await sandbox.client.v1.billing.meters.list_async()).data
    assert {meter.event_name for meter in meters} == {event.meter for event in CATALOG.events.values()}
    for meter in meters:
        assert meter.default_aggregation.formula == "sum"
        assert (meter.customer_mapping.event_payload_key, meter.value_settings.event_payload_key) == (
            "stripe_customer_id",
            "value",
        )


async def test_a_changed_fee_is_a_new_price_under_the_same_key(sandbox):
    before = (await sandbox.sync()).price_ids
    result = await sandbox.sync(DEARER)
    assert [(change.action, change.target.key) for change in result.changes] == [
        (Action.CREATE, "c2pa_starter"),
        (Action.ARCHIVE, "c2pa_starter"),
    ]
    assert {key for key in before if before[key] != result.price_ids[key]} == {"c2pa_starter"}
    old = await sandbox.client.v1.prices.retrieve_async(before["c2pa_starter"])
    new = await sandbox.client.v1.prices.retrieve_async(result.price_ids["c2pa_starter"])
    assert (old.active, old.lookup_key, old.unit_amount) == (False, None, 19_900)
    assert (new.active, new.lookup_key, new.unit_amount) == (True, "c2pa_starter", 21_900)


async def test_a_changed_tier_changes_the_price_of_every_plan(sandbox):
    await sandbox.sync()
    result = await sandbox.sync(SECOND_TIER)
    assert counted(result) == {(Action.CREATE, "price"): 3, (Action.ARCHIVE, "price"): 3}
    assert {change.target.key for change in result.changes} == {f"c2pa_{plan}_sign_events" for plan in Plan}
    tiers = (await sandbox.active_by_key())["c2pa_pro_sign_events"].tiers
    assert str(tiers[2].unit_amount_decimal) == "40.1"


async def test_going_back_to_an_old_price_makes_a_third_one(sandbox):
    """Within the life of an idempotency key, so that Stripe must not answer with the archived first one."""
    ids = [(await sandbox.sync(catalog)).price_ids["c2pa_starter"] for catalog in (CATALOG, DEARER, CATALOG, DEARER)]
    assert len(set(ids)) == 4
    assert (await sandbox.active_by_key())["c2pa_starter"].id == ids[-1]
    assert (await compare_catalog(sandbox.client, DEARER)).changes == ()


@pytest.mark.parametrize("done", [0, 3, 6, 8, 9, 10, 20])
async def test_an_interrupted_run_is_finished_by_the_next(sandbox, done):
    with pytest.raises(Interrupted):
        await sandbox.sync(die_before=done)
    result = await sandbox.sync()
    assert len(result.changes) == 21 - done
    assert (await compare_catalog(sandbox.client, CATALOG)).changes == ()
    assert len(await sandbox.prices()) == 12


async def test_a_run_that_ends_before_archiving_is_finished_by_the_next(sandbox):
    await sandbox.sync()
    with pytest.raises(Interrupted):
        await sandbox.sync(DEARER, die_before="archive")
    assert len(await sandbox.prices(active=True)) == 13
    result = await sandbox.sync(DEARER)
    assert [(change.action, change.target.key) for change in result.changes] == [(Action.ARCHIVE, "c2pa_starter")]
    assert len(await sandbox.prices(active=True)) == 12


@pytest.mark.parametrize("spoilt", [{"name": "Beginner"}, {"active": False}, {"unit_label": "piece"}])
async def test_a_product_that_was_changed_is_put_right(sandbox, spoilt):
    await sandbox.sync()
    product = await sandbox.product("c2pa_sign_events")
    await sandbox.client.v1.products.update_async(product.id, spoilt)
    result = await sandbox.sync()
    assert counted(result) == {(Action.UPDATE, "product"): 1}
    product = await sandbox.product("c2pa_sign_events")
    assert (product.name, product.unit_label, product.active) == ("Signatures", "signature", True)


@pytest.mark.parametrize("changes", [{"active": False}, {"active": False, "lookup_key": ""}])
async def test_an_archived_price_is_made_anew(sandbox, changes):
    before = (await sandbox.sync()).price_ids
    await sandbox.client.v1.prices.update_async(before["c2pa_pro"], changes)
    result = await sandbox.sync()
    assert counted(result) == {(Action.CREATE, "price"): 1}
    assert result.price_ids["c2pa_pro"] != before["c2pa_pro"]


async def test_a_price_that_somebody_else_made_is_left_alone(sandbox):
    await sandbox.sync()
    product = await sandbox.product("c2pa_pro")
    special = await sandbox.client.v1.prices.create_async(
        {"product": product.id, "currency": "usd", "unit_amount": 50_000, "recurring": {"interval": "month"}}
    )
    assert (await sandbox.sync(DEARER)).changes != ()
    assert (await sandbox.client.v1.prices.retrieve_async(special.id)).active


@pytest.mark.parametrize(
    "terms",
    [
        {"currency": "eur", "unit_amount": 69_900, "recurring": {"interval": "month"}},
        {"currency": "usd", "unit_amount": 69_900, "recurring": {"interval": "year"}},
        {"currency": "usd", "unit_amount": 69_900, "recurring": {"interval": "month", "interval_count": 2}},
        {"currency": "usd", "unit_amount": 69_900},
        {"currency": "usd", "unit_amount_decimal": "69900.0000001", "recurring": {"interval": "month"}},
    ],
)
async def test_a_price_of_other_terms_under_our_key_is_replaced(sandbox, terms):
    await sandbox.sync()
    product = await sandbox.product("c2pa_pro")
    taken = {"product": product.id, "lookup_key": "c2pa_pro", "transfer_lookup_key": True, **terms}
    usurper = await sandbox.client.v1.prices.create_async(taken)
    await sandbox.sync()
    assert (await sandbox.active_by_key())["c2pa_pro"].unit_amount == 69_900
    assert not (await sandbox.client.v1.prices.retrieve_async(usurper.id)).active
    assert (await compare_catalog(sandbox.client, CATALOG)).changes == ()


@pytest.mark.parametrize(
    ("mode", "flat_cents", "event_type"),
    [
        ("volume", None, EventType.SIGN_EVENTS),
        ("graduated", 100, EventType.SIGN_EVENTS),
        ("graduated", None, EventType.VERIFY_EVENTS),
    ],
)
async def test_a_metered_price_of_other_terms_under_our_key_is_replaced(sandbox, mode, flat_cents, event_type):
    await sandbox.sync()
    active = await sandbox.active_by_key()
    ours, other = active["c2pa_pro_sign_events"], active[metered_lookup_key(Plan.PRO, event_type)]
    tiers = [{"up_to": tier.up_to or "inf", "unit_amount_decimal": tier.unit_amount_decimal} for tier in ours.tiers]
    if flat_cents:
        tiers[-1]["flat_amount"] = flat_cents
    usurper = await sandbox.client.v1.prices.create_async(
        {
            "product": ours.product,
            "currency": "usd",
            "lookup_key": "c2pa_pro_sign_events",
            "transfer_lookup_key": True,
            "recurring": {"interval": "month", "usage_type": "metered", "meter": other.recurring.meter},
            "billing_scheme": "tiered",
            "tiers_mode": mode,
            "tiers": tiers,
        }
    )
    result = await sandbox.sync()
    assert result.price_ids["c2pa_pro_sign_events"] not in (ours.id, usurper.id)
    assert not (await sandbox.client.v1.prices.retrieve_async(usurper.id)).active


async def test_a_meter_that_counts_otherwise_stops_the_sync(sandbox):
    await sandbox.client.v1.billing.meters.create_async(
        {"display_name": "x", "event_name": "c2pa_sign_events", "default_aggregation": {"formula": "count"}}
    )
    sandbox.writes.clear()
    with pytest.raises(SyncError, match=r"meter c2pa_sign_events .* counts by count, .*; expected sum"):
        await sandbox.sync()
    assert sandbox.writes == []


async def test_objects_beyond_one_page_are_found(sandbox):
    await sandbox.sync()
    for number in range(101):
        await sandbox.client.v1.products.create_async({"name": f"Other {number}"})
    assert (await compare_catalog(sandbox.client, CATALOG)).changes == ()


@pytest.fixture
def run(sandbox, monkeypatch, capsys):
    """Run the command in a thread of its own, because it brings its own event loop."""
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_sync")
    monkeypatch.setenv("STRIPE_API_BASE", sandbox.url)

    async def command(*arguments):
        code = await asyncio.to_thread(main, ["sync-catalog", *arguments])
        return code, *capsys.readouterr()

    return command


async def test_a_dry_run_shows_the_difference_and_changes_nothing(run, sandbox):
    code, out, err = await run("--dry-run")
    assert (code, err, sandbox.writes) == (1, "", [])
    lines = [line.split(maxsplit=3) for line in out.splitlines()]
    assert Counter(kind for _, kind, _, _ in lines) == EVERYTHING
    assert ["create", "price", "c2pa_pro_rfc3161_timestamps", "0.50 to inf"] in lines


async def test_a_dry_run_after_a_sync_finds_nothing(run):
    code, out, err = await run()
    assert (code, len(out.splitlines()), len(err.splitlines())) == (0, 21, 21)
    assert err.startswith("sync-catalog: create product c2pa_starter\n")
    assert await run("--dry-run") == (0, "no difference\n", "")


async def test_the_environment_of_the_service_is_printed(run, sandbox):
    code, out, _ = await run("--output", "env")
    assert code == 0
    assert re.fullmatch(
        r"STRIPE_STARTER_PRICE_ID=price_\w+\nSTRIPE_PRO_PRICE_ID=price_\w+\nSTRIPE_ENTERPRISE_PRICE_ID=price_\w+\n", out
    )
    starter = (await sandbox.active_by_key())["c2pa_starter"].id
    assert out.startswith(f"STRIPE_STARTER_PRICE_ID={starter}\n")


async def test_json_has_changes_and_ids(run):
    await run()
    code, out, _ = await run("--output", "json")
    answer = json.loads(out)
    assert (code, answer["changes"], len(answer["price_ids"])) == (0, [], 12)


async def test_ids_are_not_printed_by_a_dry_run(run):
    code, out, err = await run("--dry-run", "--output", "env")
    assert (code, out) == (2, "")
    assert re.fullmatch(r"billing: --output env .*; expected .*\n", err)


async def test_no_answer_is_one_line(run, monkeypatch, unused_tcp_port):
    monkeypatch.setenv("STRIPE_API_BASE", f"http://127.0.0.1:{unused_tcp_port}")
    code, out, err = await run()
    assert (code, out) == (2, "")
    assert re.fullmatch(r"billing: cannot sync with Stripe: .*; expected .*\n", err)


async def test_a_bad_key_is_a_configuration_error(run, monkeypatch):
    monkeypatch.setenv("STRIPE_SECRET_KEY", "secret")
    code, out, err = await run()
    assert (code, out) == (78, "")
    assert err.startswith("billing: STRIPE_SECRET_KEY must be a Stripe secret key")


async def test_what_cannot_be_synced_is_one_line(run, sandbox):
    await sandbox.client.v1.billing.meters.create_async(
        {"display_name": "x", "event_name": "c2pa_sign_events", "default_aggregation": {"formula": "last"}}
    )
    code, _, err = await run()
    assert (code, err.count("\n")) == (2, 1)
    assert "deactivate it" in err
