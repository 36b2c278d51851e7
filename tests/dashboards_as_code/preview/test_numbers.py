"""Units, ticks and legends."""

import pytest

from dashboards_as_code.preview import axes, units
from dashboards_as_code.preview.series import named


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0, "s", "0 s"),
        (0.0123, "s", "12.3 ms"),
        (2592, "s", "43.2 min"),
        (-90, "s", "-1.5 min"),
        (0.99912, "percentunit", "99.9 %"),
        (1, "percentunit", "100 %"),
        (1536, "bytes", "1.5 KiB"),
        (-0.5, "currencyUSD", "-$0.5"),
        (1234567, "short", "1.23 M"),
        (14.4, "reqps", "14.4 req/s"),
        (1000, "none", "1 K"),
        (3, "furlongs", "3 furlongs"),
    ],
)
def test_a_value_is_written_with_its_unit(value: float, unit: str, text: str) -> None:
    assert units.formatted(value, unit) == text


@pytest.mark.parametrize(
    ("low", "high", "unit", "expected"),
    [
        (0, 1, "percentunit", [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0, 30 * 86400, "s", [0, 864000, 1728000, 2592000]),
        (0, 4096, "bytes", [0, 1024, 2048, 3072, 4096]),
        (-3, 3, "short", [-2, 0, 2]),
    ],
)
def test_ticks_are_round_in_their_unit(low: float, high: float, unit: str, expected: list[float]) -> None:
    assert axes.ticks(low, high, unit) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], (0, 1.05)), ([0.0, 0.0], (0, 1.05)), ([5.0], (0, 5.25)), ([-2.0], (-2, 0.1)), ([1.0, 3.0], (1, 3.1))],
)
def test_an_axis_is_never_empty(values: list[float], expected: tuple[float, float]) -> None:
    assert axes.bounds(values) == pytest.approx(expected)


def test_times_are_round() -> None:
    assert [text for _, text in axes.time_ticks(1_800_000_000, 1_800_000_120, 4)] == [
        f"08:{time}" for time in ("00:00", "00:30", "01:00", "01:30", "02:00")
    ]


def test_a_legend_fills_its_labels() -> None:
    assert named("{{ a }} of {{missing}}{{b}}", {"a": "1", "b": "2"}) == "1 of 2"
    assert named("", {"__name__": "up", "a": "1"}) == "a=1"
    assert named("__auto", {"__name__": "up"}) == "up"
