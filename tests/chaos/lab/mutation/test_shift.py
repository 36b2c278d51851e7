"""The statistic by which a panel is said to have moved."""

import random

import pytest

from chaos.lab.mutation import shift as statistic
from chaos.lab.mutation.readings import Reading, Samples
from chaos.lab.mutation.shift import FLOOR_RATIO, THRESHOLD, Windows

WINDOWS = Windows(calm=((0, 19), (40, 59)), fault=(60, 79))


def shift(series: list[Samples], windows: Windows, threshold: float = 0.0) -> float:
    return statistic.shift(Reading("a panel", tuple(series), threshold), windows)


def samples(before: float, during: float, noise: float = 0.0, seed: int = 1) -> dict[float, float]:
    dice = random.Random(seed)
    return {float(at): (during if 60 <= at <= 79 else before) + dice.gauss(0, noise) for at in range(100)}


def test_a_panel_that_stays_as_it_was_has_not_moved() -> None:
    assert shift([samples(5, 5), samples(0, 0)], WINDOWS) == 0


@pytest.mark.parametrize(("before", "during"), [(0, 3), (3, 0), (10, 12), (-1, 1)])
def test_a_panel_without_noise_moves_by_a_part_of_its_height(before: float, during: float) -> None:
    expected = abs(during - before) / (FLOOR_RATIO * max(abs(before), abs(during)))
    assert shift([samples(before, during)], WINDOWS) == pytest.approx(expected)
    assert expected > THRESHOLD


def test_what_happens_between_the_windows_does_not_count() -> None:
    assert shift([{**samples(5, 5), **{float(at): 99.0 for at in (*range(20, 40), *range(80, 100))}}], WINDOWS) == 0


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_no_move(seed: int) -> None:
    assert shift([samples(10, 10, noise=4, seed=seed)], WINDOWS) < THRESHOLD


def test_a_small_series_beside_a_large_one_does_not_move_the_panel() -> None:
    assert shift([samples(100, 100), samples(1, 2)], WINDOWS) < THRESHOLD
    assert shift([samples(1, 2)], WINDOWS) > THRESHOLD


def test_a_series_that_comes_or_goes_moves_from_or_to_0() -> None:
    during = {at: 7.0 for at in samples(0, 0) if 60 <= at <= 79}
    assert shift([during], WINDOWS) == pytest.approx(1 / FLOOR_RATIO)
    before = {at: 7.0 for at in samples(0, 0) if at < 60}
    assert shift([before], WINDOWS) == pytest.approx(1 / FLOOR_RATIO)


def test_a_panel_without_data_has_not_moved() -> None:
    assert shift([], WINDOWS) == 0
    assert shift([{}], WINDOWS) == 0


def test_a_change_far_below_the_threshold_line_is_not_visible() -> None:
    assert shift([samples(0, 0.5)], WINDOWS, threshold=14.4) < THRESHOLD
    assert shift([samples(0, 10)], WINDOWS, threshold=14.4) > THRESHOLD
