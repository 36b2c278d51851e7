from pathlib import Path

import pytest

from chaos.load_log import Request
from chaos.measurement import budget_spent_ratio, dated_events, failed_outside_fault, traffic_of
from chaos.order import Order, order_of
from chaos.run_folder import RunFolder
from chaos.timeline import Witnesses, timeline_of

FAULT = 1_000_000.0
PAGE = {"alertname": "ApiAvailabilityErrorBudgetBurn", "severity": "page", "long_window": "1h"}


@pytest.fixture
def order() -> Order:
    return order_of("redis-hang", 5, seed=1, pinned_ports={}, rules_file=None)


def failing(intended: float, latency: float = 1.0) -> Request:
    return Request("usage_report", intended, intended + latency, 503, ok=False, attempt=1)


def test_traffic_during_the_fault_is_what_its_clients_lived(witnesses: Witnesses) -> None:
    traffic = traffic_of(witnesses.requests, 10.0, timeline_of(witnesses))
    assert traffic is not None
    assert (traffic.arrivals_per_second, traffic.error_ratio) == (10.0, 1.0)
    assert traffic.failure_seconds == pytest.approx(1.0)


def test_without_failures_there_is_nothing_to_predict_from(witnesses: Witnesses) -> None:
    good = [one for one in witnesses.requests if one.ok]
    assert traffic_of(good, 10.0, timeline_of(witnesses)) is None


def test_a_page_at_the_predicted_time_costs_two_percent_of_the_budget(order: Order) -> None:
    # 40/s for 30 d / 5 allow 20,736 failures; 2 % of them is what 14.4 x 1h spends.
    assert budget_spent_ratio(order, [failing(n / 40) for n in range(415)]) == pytest.approx(0.02, rel=0.01)


def test_failures_outside_the_fault_are_counted_apart(witnesses: Witnesses) -> None:
    timeline = timeline_of(witnesses)
    assert failed_outside_fault(witnesses.requests, timeline) == 0
    stray = [failing(FAULT - 5), failing(FAULT + 40), failing(FAULT + 5)]
    assert failed_outside_fault(stray, timeline) == 2


def test_only_the_expected_alerts_notifications_are_marks(order: Order, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.record("notification", 1.0, status="firing", labels={**PAGE, "long_window": "6h"})
    folder.record("notification", 2.0, status="firing", labels={**PAGE, "slo": "api-availability"})
    folder.record("notification", 3.0, status="resolved", labels=PAGE)
    events = dated_events(folder, order)
    assert [one["at"] for one in events["notified"]] == [2.0]
    assert [one["at"] for one in events["resolved"]] == [3.0]
