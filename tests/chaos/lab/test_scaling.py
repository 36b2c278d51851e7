from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.errors import LabError
from chaos.lab.configuration import intervals
from chaos.lab.scaling import divided, seconds


@pytest.mark.parametrize(
    ("text", "expected"), [("5s", 5), ("1h30m", 5400), ("250ms", Fraction(1, 4)), ("2d", 172800), ("0s", 0)]
)
def test_durations_are_read_as_prometheus_reads_them(text: str, expected: Fraction) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["s", "5", "5x", "-5s", "1.5s", "five"])
def test_what_is_no_duration_is_refused_by_name(text: str) -> None:
    with pytest.raises(LabError, match="is no duration"):
        seconds(text)


@given(st.integers(1, 10**6), st.integers(1, 30))
def test_division_is_exact_to_the_millisecond(milliseconds: int, scale: int) -> None:
    scaled = seconds(divided(f"{milliseconds}ms", scale))
    assert abs(scaled - max(Fraction(1, 1000), Fraction(milliseconds, 1000 * scale))) <= Fraction(1, 2000)


def test_the_lab_keeps_productions_pace_divided_by_the_scale() -> None:
    production, scaled = intervals(1), intervals(5)
    assert vars(scaled) == pytest.approx({name: value / 5 for name, value in vars(production).items()})
    assert production.scrape_seconds == 5
