from itertools import islice, pairwise, takewhile

import pytest

from loadtests.arrivals import intended_offsets


@pytest.mark.parametrize("rate", [0.5, 40.0, 400.0])
def test_the_mean_rate_is_the_one_asked_for(rate: float) -> None:
    offsets = list(islice(intended_offsets(rate, seed=1), 20_000))
    assert len(offsets) / offsets[-1] == pytest.approx(rate, rel=0.03)


def test_the_gaps_are_exponential_not_even() -> None:
    gaps = [b - a for a, b in pairwise(islice(intended_offsets(100.0, seed=2), 20_000))]
    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)
    assert variance**0.5 / mean == pytest.approx(1.0, rel=0.05)


def test_offsets_only_grow() -> None:
    assert all(a < b for a, b in pairwise(islice(intended_offsets(400.0, seed=3), 5_000)))


def test_a_seed_repeats_its_schedule_and_another_differs() -> None:
    def first_seconds(seed: int) -> list[float]:
        return list(takewhile(lambda offset: offset < 5, intended_offsets(40.0, seed)))

    assert first_seconds(7) == first_seconds(7)
    assert first_seconds(7) != first_seconds(8)
