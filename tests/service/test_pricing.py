import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.pricing import (
    UNBOUNDED,
    Tier,
    charge,
    encode_tiers,
    marginal,
    overage_tiers,
    tier_lines,
)

SIGNS = (Tier(1_000, 50), Tier(6_000, 40), Tier(None, 30))


@st.composite
def tiers(draw, most_units=60):
    bounds = sorted(draw(st.sets(st.integers(1, most_units), max_size=4)))
    prices = draw(st.lists(st.integers(0, 10**9), min_size=len(bounds) + 1, max_size=len(bounds) + 1))
    return tuple(Tier(bound, price) for bound, price in zip([*bounds, None], prices, strict=True))


units = st.integers(0, 100)


def naive_charge(tiers, units):
    return sum(
        next(tier.unit_microcents for tier in tiers if tier.up_to is None or number <= tier.up_to)
        for number in range(1, units + 1)
    )


@given(tiers(), units)
def test_the_charge_is_the_sum_over_single_units(tiers, units):
    assert charge(tiers, units) == naive_charge(tiers, units)


@given(tiers(), units, units)
def test_more_units_never_cost_less(tiers, units, more):
    assert charge(tiers, units + more) >= charge(tiers, units)


@given(tiers(), st.data())
def test_the_charge_has_no_jump_at_a_tiers_edge(tiers, data):
    edge = data.draw(st.sampled_from([tier.up_to or 90 for tier in tiers]))
    prices = {tier.unit_microcents for tier in tiers}
    assert charge(tiers, edge) - charge(tiers, edge - 1) in prices
    assert charge(tiers, edge + 1) - charge(tiers, edge) in prices


@given(tiers(), st.lists(units, max_size=6))
def test_marginal_charges_add_up_to_the_whole(tiers, parts):
    before, total = 0, 0
    for part in parts:
        total += marginal(tiers, before, part)
        before += part
    assert total == charge(tiers, before)


@given(tiers(), units, st.data())
def test_taking_units_back_gives_back_what_they_cost(tiers, units, data):
    taken = data.draw(st.integers(0, units))
    assert marginal(tiers, units, -taken) == -marginal(tiers, units - taken, taken)


@given(tiers(), units)
def test_lines_hold_every_unit_once_and_in_order(tiers, units):
    lines = tier_lines(tiers, units)
    numbers = [number for line in lines for number in range(line.first_unit, line.first_unit + line.units)]
    assert numbers == list(range(1, units + 1))
    assert sum(line.amount_microcents for line in lines) == charge(tiers, units)


@given(tiers(), st.integers(0, 50), units)
def test_included_units_are_free_and_overage_counts_from_there(overage, included, units):
    whole = overage_tiers(included, overage)
    assert charge(whole, min(units, included)) == 0
    assert charge(whole, included + units) == charge(overage, units)


def test_no_tier_is_made_for_nothing_included():
    assert overage_tiers(0, SIGNS) == SIGNS


@pytest.mark.parametrize(
    ("units", "expected"),
    [(0, 0), (1, 50), (1_000, 50_000), (1_001, 50_040), (6_000, 250_000), (6_001, 250_030), (1_006_000, 30_250_000)],
)
def test_graduated_prices_by_hand(units, expected):
    assert charge(SIGNS, units) == expected


def test_a_negative_number_of_units_is_refused():
    with pytest.raises(ValueError, match="expected 0 units or more, got -1"):
        charge(SIGNS, -1)


@given(tiers(), units)
def test_the_flat_encoding_is_enough_to_charge(tiers, units):
    """Charged as a script would, with nothing but the list."""
    flat = encode_tiers(tiers)
    count, pairs = flat[0], flat[1:]
    total, reached = 0, 0
    for index in range(count):
        up_to, price = pairs[2 * index], pairs[2 * index + 1]
        end = units if up_to == UNBOUNDED else min(units, up_to)
        total, reached = total + max(end - reached, 0) * price, max(end, reached)
    assert len(pairs) == 2 * count
    assert total == charge(tiers, units)


def test_the_flat_encoding_of_known_tiers():
    assert encode_tiers(SIGNS) == [3, 1_000, 50, 6_000, 40, -1, 30]
