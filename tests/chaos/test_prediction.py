import pytest

from chaos.errors import UserMistake
from chaos.lab.configuration import intervals
from chaos.order import slo_of
from chaos.prediction import Prediction, Traffic, pair_of, predict_page


def prediction(scale: int, error_ratio: float = 1.0) -> Prediction:
    slo, policy = slo_of("api-availability", scale)
    pair = pair_of(policy, "page", "1h")
    found = predict_page(slo, pair, Traffic(40.0, error_ratio, 1.0), scale, intervals(scale))
    assert found is not None
    return found


@pytest.mark.parametrize(("scale", "detection"), [(1, 51.84), (5, 10.368), (20, 2.592)])
def test_detection_is_the_workbooks_divided_by_the_scale(scale: int, detection: float) -> None:
    found = prediction(scale)
    assert found.detection_seconds == pytest.approx(detection)
    assert found.page_seconds == pytest.approx(detection + 1.0)


def test_the_error_bar_is_one_interval_of_each_stage_and_the_arrivals() -> None:
    found = prediction(5)
    stages = {name: bar for name, bar in found.error_bar.items() if name != "arrivals"}
    assert stages == {"export": 1.0, "scrape": 1.0, "evaluation": 1.0, "group_wait": 1.0, "handling": 0.5}
    assert found.error_bar["arrivals"] == pytest.approx(2 * 10.368 / (10.368 * 40) ** 0.5)
    assert found.latest_seconds == pytest.approx(found.page_seconds + sum(found.error_bar.values()))
    assert found.earliest_seconds < found.page_seconds


def test_two_percent_of_the_budget_are_spent_at_any_scale() -> None:
    assert prediction(1).budget_spent_ratio == prediction(20).budget_spent_ratio == pytest.approx(0.02)


def test_errors_below_the_threshold_are_never_predicted_to_page() -> None:
    slo, policy = slo_of("api-availability", 5)
    pair = pair_of(policy, "page", "1h")
    assert predict_page(slo, pair, Traffic(40.0, 0.0143, 1.0), 5, intervals(5)) is None


def test_an_unknown_pair_is_answered_with_the_known_ones() -> None:
    _, policy = slo_of("api-availability", 5)
    with pytest.raises(UserMistake, match="has no page on 2h; expected one of: page 1h, page 6h"):
        pair_of(policy, "page", "2h")
