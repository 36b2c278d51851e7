import pytest

from chaos.errors import InvalidRun
from chaos.order import slo_of
from chaos.warmth import Warmth, measure, require_warm

RATE = 40.0
SCALE = 5
WINDOWS = ["5m", "30m", "1h", "2h", "6h", "24h", "1d", "30d"]


class Store:
    """Stands in for Prometheus: answers by what the expression is about, as a history of `filled` windows would."""

    def __init__(self, filled: float, current: float = RATE) -> None:
        self.filled = filled
        self.current = current

    def value(self, query: str, _at: float) -> float | None:
        if query.startswith("sum(rate("):
            return self.current
        if query.startswith("sum(increase("):
            minutes = {"[1m]": 1, "[6m]": 6, "[12m]": 12}
            return self.filled * RATE * 60 * next(m for text, m in minutes.items() if text in query)
        hours = {"[72m]": 1.2, "[24m]": 0.4, "[288m]": 4.8, "[6d]": 144}
        evaluations_an_hour = 60 if "slo:period_requests:rate5m" in query else 600
        return self.filled * RATE * evaluations_an_hour * next(h for text, h in hours.items() if text in query)


def coverage(store: Store) -> dict[str, float]:
    slo, policy = slo_of("api-availability", SCALE)
    found = measure(store, slo, policy.pairs, SCALE, at=0.0)
    return {one.window: one.coverage_ratio for one in found}


def test_full_windows_are_covered_whether_read_raw_or_recorded() -> None:
    assert coverage(Store(1.0)) == pytest.approx(dict.fromkeys(WINDOWS, 1.0))


def test_half_empty_windows_are_half_covered() -> None:
    assert coverage(Store(0.5)) == pytest.approx(dict.fromkeys(WINDOWS, 0.5))


def test_without_traffic_nothing_is_warm() -> None:
    assert set(coverage(Store(1.0, current=0.0)).values()) == {0.0}


@pytest.mark.parametrize("ratio", [0.0, 0.89, 1.26])
def test_a_cold_window_is_refused_by_name(ratio: float) -> None:
    with pytest.raises(InvalidRun, match=r"cold windows: 1h \(\d+%\)"):
        require_warm([Warmth("5m", 1.0), Warmth("1h", ratio)])


def test_full_windows_are_accepted() -> None:
    require_warm([Warmth("5m", 0.9), Warmth("1h", 1.25)])
