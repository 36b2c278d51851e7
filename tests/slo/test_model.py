from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slo.errors import ScaleError
from slo.model import LARGEST_SCALE, Window, plain

# A busy machine is no reason to fail.
unhurried = settings(deadline=None)

_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


def _milliseconds(text: str) -> int:
    digits = text.rstrip("mshdw")
    return int(digits) * _UNITS[text.removeprefix(digits)]


@pytest.mark.parametrize(
    ("text", "scale", "expected"),
    [
        ("1h", 1, "1h"),
        ("24h", 1, "24h"),
        ("1h", 5, "12m"),
        ("30s", 20, "1500ms"),
        ("5m", 30, "10s"),
        ("30d", 30, "1d"),
        ("30d", 20, "36h"),
        ("1w", 7, "1d"),
    ],
)
def test_scaled(text: str, scale: int, expected: str) -> None:
    assert Window(text).scaled(scale) == expected


@unhurried
@given(st.integers(1, 999), st.sampled_from("smhdw"), st.integers(1, LARGEST_SCALE))
def test_scaled_is_exact_or_refused(count: int, unit: str, scale: int) -> None:
    window = Window(f"{count}{unit}")
    divides = window.seconds * 1_000 % scale == 0
    try:
        scaled = window.scaled(scale)
    except ScaleError:
        assert not divides
    else:
        assert divides
        assert _milliseconds(scaled) * scale == window.seconds * 1_000


@pytest.mark.parametrize("scale", [0, -1, 31])
def test_scale_out_of_range(scale: int) -> None:
    with pytest.raises(ScaleError, match="expected a whole number from 1 to 30"):
        Window("1h").scaled(scale)


def test_inexact_scale_names_the_window() -> None:
    with pytest.raises(ScaleError, match="5m / 7 is not a whole number of milliseconds"):
        Window("5m").scaled(7)


@pytest.mark.parametrize("text", ["", "h", "0h", "1.5h", "-1h", "1 h", "1y", "60", "1h30m", "٣h"])
def test_bad_window(text: str) -> None:
    with pytest.raises(ValueError, match="expected a duration such as 5m, 6h or 30d"):
        Window(text)


@unhurried
@given(st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-1_000, max_value=1_000))
def test_plain_is_exact_and_without_exponent(number: Decimal) -> None:
    text = plain(number)
    assert Decimal(text) == number
    assert "E" not in text.upper()
