import json
from importlib.resources import files

import pytest
import yaml

from service.domain.catalog import (
    CatalogError,
    licensed_lookup_key,
    load_catalog,
    metered_lookup_key,
    parse_catalog,
)
from service.domain.cost import keeps_margin_floor
from service.domain.price_list import shown_plans, shown_tiers
from service.domain.pricing import Tier, charge
from service.domain.tenant import Plan
from service.domain.usage import EventType

USD = 100_000_000
SIGN, VERIFY, STAMP = EventType.SIGN_EVENTS, EventType.VERIFY_EVENTS, EventType.RFC3161_TIMESTAMPS
REMOVE = object()


@pytest.fixture(scope="module")
def catalog():
    return load_catalog()


@pytest.fixture
def problems_of():
    """The problems that the shipped catalogue has after one field is set to something else, or removed."""

    def change(path, value):
        document = yaml.safe_load(files("service").joinpath("catalog.yaml").read_text())
        *parents, last = path
        place = document
        for name in parents:
            place = place[name]
        if value is REMOVE:
            del place[last]
        else:
            place[last] = value
        with pytest.raises(CatalogError) as caught:
            parse_catalog(yaml.safe_dump(document))
        return caught.value.problems

    return change


def test_plans(catalog):
    facts = {
        plan: (
            terms.monthly_price_microcents // USD,
            terms.included[SIGN],
            terms.included[VERIFY],
            terms.included[STAMP],
            terms.calls_per_minute,
            terms.domains,
            terms.daily_cost_cap_microcents // USD,
        )
        for plan, terms in catalog.plans.items()
    }
    assert facts == {
        Plan.STARTER: (199, 500, 10_000, 0, 60, 2, 50),
        Plan.PRO: (699, 2_000, 50_000, 0, 300, 10, 200),
        Plan.ENTERPRISE: (2_000, 10_000, 250_000, 0, 1_000, 100, 1_000),
    }


def test_a_plans_tiers_begin_with_what_it_includes(catalog):
    assert catalog.tiers(Plan.PRO, SIGN) == (
        Tier(2_000, 0),
        Tier(3_000, USD // 2),
        Tier(8_000, USD * 2 // 5),
        Tier(None, USD * 3 // 10),
    )
    assert catalog.tiers(Plan.PRO, STAMP) == (Tier(None, USD // 2),)


def test_overage_of_verifications(catalog):
    overage = catalog.events[VERIFY].overage
    assert charge(overage, 10_000) == 100 * USD
    assert charge(overage, 60_000) == 500 * USD
    assert charge(overage, 160_000) == 1_100 * USD
    assert charge(overage, 161_000) == 1_104 * USD


def test_trial_ladder_and_cost_model(catalog):
    assert (catalog.trial.days, dict(catalog.trial.caps)) == (14, {SIGN: 200})
    assert catalog.cap_ladder_percent == (50, 70, 85, 95, 100)
    model = catalog.cost_model
    assert model.storage_gb_month_microcents * 1000 == 15 * USD
    assert (model.timestamp_low_microcents, model.timestamp_high_microcents) == (120_000, 180_000)
    assert model.million_requests_microcents * 10 == 3 * USD
    assert model.margin_floor_percent == 70


def test_every_price_beyond_the_included_units_keeps_the_margin_floor(catalog):
    model = catalog.cost_model
    for event in catalog.events.values():
        kept_bytes = model.storage_bytes[event.event_type] * model.storage_months
        cost = kept_bytes * model.storage_gb_month_microcents // 10**9 + model.million_requests_microcents // 10**6
        cost += model.timestamp_high_microcents if event.event_type is STAMP else 0
        for tier in event.overage:
            assert keeps_margin_floor(model, tier.unit_microcents, cost), (event.event_type, tier)


def test_lookup_keys():
    assert licensed_lookup_key(Plan.PRO) == "c2pa_pro"
    assert metered_lookup_key(Plan.PRO, SIGN) == "c2pa_pro_sign_events"


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (["currency"], "eur", "currency: expected usd, got 'eur'"),
        (["colour"], 1, "colour: unknown field; expected one of currency, event_types"),
        (["plans", "gold"], {}, "plans.gold: unknown field; expected one of starter, pro, enterprise"),
        (["plans", "pro"], REMOVE, "plans.pro: expected a mapping, missing"),
        (["plans", "pro", "domains"], REMOVE, "plans.pro.domains: expected a whole number from 1 to 1000000, missing"),
        (["plans", "pro", "domains"], True, "plans.pro.domains: expected a whole number from 1"),
        (["plans", "pro", "domains"], 0, "plans.pro.domains: expected a whole number from 1"),
        (["plans", "pro", "monthly_price"], 699.0, "plans.pro.monthly_price: expected US dollars in quotes"),
        (["plans", "pro", "monthly_price"], "-1", "plans.pro.monthly_price: expected US dollars such as"),
        (["plans", "pro", "monthly_price"], "0.000000001", "at most 8 decimals"),
        (["plans", "pro", "daily_cost_cap"], "0", "plans.pro.daily_cost_cap: expected at least 0.01, got '0'"),
        (["plans", "pro", "included", "sign_events"], -1, "plans.pro.included.sign_events: expected a whole number"),
        (["event_types", "sign_events", "title"], "  ", "event_types.sign_events.title: expected text"),
        (["event_types", "sign_events", "meter"], "A b", "event_types.sign_events.meter: expected 1 to 100 of a-z"),
        (["event_types", "verify_events", "meter"], "c2pa_sign_events", "verify_events.meter: expected a meter of its"),
        (["event_types", "sign_events", "overage"], [], "sign_events.overage: expected a list that is not empty"),
        (["event_types", "sign_events", "overage", 0], 7, "sign_events.overage[0]: expected a mapping, got 7"),
        (
            ["event_types", "sign_events", "overage", 1, "up_to"],
            1000,
            "overage[1].up_to: expected a whole number from 1001",
        ),
        (
            ["event_types", "sign_events", "overage", 2, "up_to"],
            9000,
            "overage[2].up_to: expected inf in the last tier",
        ),
        (
            ["event_types", "sign_events", "overage", 0, "up_to"],
            "inf",
            "overage[0].up_to: expected inf in the last tier",
        ),
        (["trial", "caps", "sign_events"], 0, "trial.caps.sign_events: expected a whole number from 1"),
        (["trial", "caps", "signs"], 9, "trial.caps.signs: unknown field"),
        (["cap_ladder_percent"], [50, 50, 100], "cap_ladder_percent: expected rising steps"),
        (["cap_ladder_percent"], [50, 70], "cap_ladder_percent: expected rising steps"),
        (["cap_ladder_percent"], [], "cap_ladder_percent: expected a list of whole numbers that is not empty"),
        (["cost_model", "timestamp_authority", "high"], "0.001", "high: expected at least 0.0012, got '0.001'"),
        (["cost_model", "margin_floor_percent"], 100, "margin_floor_percent: expected a whole number from 0 to 99"),
    ],
)
def test_one_wrong_field_is_one_problem_with_its_path(problems_of, path, value, problem):
    problems = problems_of(path, value)
    assert len(problems) == 1
    assert problem in problems[0]


def test_all_problems_are_reported_at_once():
    with pytest.raises(CatalogError) as caught:
        parse_catalog("currency: eur\nplans: 3\nplans: {}\ntrial: {days: x, caps: {}}\n")
    problems = "\n".join(caught.value.problems)
    for expected in ("line 3: plans: expected once", "currency: ", "event_types: ", "plans.pro: ", "trial.days: "):
        assert expected in problems
    assert str(caught.value).count("catalog.yaml: ") == len(caught.value.problems)


@pytest.mark.parametrize("text", ["", "[]", "a: [", "a: 1\n---\nb: 2\n", "? [a]\n: 1\n", "x: 2026-13-99\n"])
def test_what_is_no_mapping_is_refused(text):
    with pytest.raises(CatalogError, match="expected"):
        parse_catalog(text)


def test_plans_as_clients_see_them(catalog):
    starter = shown_plans(catalog)[0]
    assert starter == {
        "plan": "starter",
        "title": "Starter",
        "currency": "usd",
        "monthly_price_microcents": 19_900_000_000,
        "monthly_price_usd": "199.00",
        "included": {"sign_events": 500, "verify_events": 10_000, "rfc3161_timestamps": 0},
        "calls_per_minute": 60,
        "domains": 2,
        "daily_cost_cap_microcents": 5_000_000_000,
        "daily_cost_cap_usd": "50.00",
    }


def test_tiers_as_clients_see_them(catalog):
    shown = shown_tiers(catalog, SIGN)
    assert shown["overage"][1:] == [
        {"from_unit": 1_001, "up_to": 6_000, "unit_price_microcents": 40_000_000, "unit_price_usd": "0.40"},
        {"from_unit": 6_001, "up_to": None, "unit_price_microcents": 30_000_000, "unit_price_usd": "0.30"},
    ]
    starter = shown["plans"][0]
    assert (starter["plan"], starter["included"]) == ("starter", 500)
    assert [tier["from_unit"] for tier in starter["tiers"]] == [1, 501, 1_501, 6_501]


def test_what_clients_see_is_ready_for_json(catalog):
    shown = [shown_plans(catalog), *(shown_tiers(catalog, each) for each in EventType)]
    assert json.loads(json.dumps(shown)) == shown
