from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.money import divide_rounded, format_usd, parse_usd, round_to_cents


@pytest.mark.parametrize(
    ("text", "microcents"),
    [("0.50", 50_000_000), ("0.008", 800_000), ("199", 19_900_000_000), ("0.00000001", 1), ("0", 0)],
)
def test_dollars_are_read_exactly(text, microcents):
    assert parse_usd(text) == microcents


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1.", ".5", "1,000", "1e3", "0.000000001", "NaN", "1 ", "٣", "1\n", "1000000000"]
)
def test_what_is_no_exact_price_is_refused(text):
    with pytest.raises(ValueError, match="expected US dollars"):
        parse_usd(text)


@given(st.integers(0, 10**16))
def test_what_is_shown_reads_back_as_itself(microcents):
    assert parse_usd(format_usd(microcents)) == microcents


def test_at_least_cents_are_shown():
    assert [format_usd(amount) for amount in (0, 100_000_000, -150_000_000, 800_000)] == [
        "0.00",
        "1.00",
        "-1.50",
        "0.008",
    ]


@given(st.integers(-(10**12), 10**12))
def test_cents_are_rounded_half_away_from_zero(microcents):
    expected = (Decimal(microcents) / 1_000_000).quantize(Decimal(1), ROUND_HALF_UP)
    assert round_to_cents(microcents) == expected


@given(st.integers(-1000, 1000), st.integers(1, 50))
def test_division_is_rounded_half_away_from_zero(amount, divisor):
    expected = (Decimal(amount) / divisor).quantize(Decimal(1), ROUND_HALF_UP)
    assert divide_rounded(amount, divisor) == expected
