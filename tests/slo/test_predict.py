from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slo import predict
from slo.model import Guard, Objective, Pair, Policy, Severity, Slo, Window
from slo.policy import burn_rate

# A busy machine is no reason to fail.
unhurried = settings(deadline=None)

PERIOD = Window("30d")
THREE_DAYS = Pair(Severity.TICKET, Window("3d"), Window("6h"), Decimal(1), Decimal("0.1"))

objectives = st.builds(
    Objective, target=st.decimals(min_value="0.5", max_value="0.99999", places=5), period=st.just(PERIOD)
)
ratios = st.decimals(min_value="0.00001", max_value=1, places=5)
scales = st.sampled_from([1, 2, 5, 20, 30])


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    long, short = draw(st.sampled_from([("1h", "5m"), ("6h", "30m"), ("24h", "2h"), ("3d", "6h"), ("30d", "1d")]))
    share = draw(st.decimals(min_value="0.01", max_value=1, places=2))
    rate = burn_rate(share, PERIOD, Window(long))
    return Pair(Severity.PAGE, Window(long), Window(short), rate, share)


class Case(NamedTuple):
    objective: Objective
    pair: Pair
    error_ratio: Decimal


@st.composite
def firing(draw: st.DrawFn) -> Case:
    """A pair with its threshold anywhere in (0, 1), and an error ratio above it."""
    pair = draw(pairs())
    threshold = draw(st.decimals(min_value="0.001", max_value="0.95", places=4))
    objective = Objective(target=1 - threshold / pair.burn_rate, period=PERIOD)
    excess = draw(st.decimals(min_value="0.001", max_value=1, places=3))
    return Case(objective, pair, threshold + (1 - threshold) * excess)


@pytest.mark.parametrize(
    ("error_ratio", "expected"),
    [
        ("1", {"1h": "51.84", "6h": "129.6", "24h": "259.2", "3d": "259.2", "30d": "2592"}),
        ("0.1", {"1h": "518.4", "6h": "1296", "24h": "2592", "3d": "2592", "30d": "25920"}),
        ("0.01", {"1h": None, "6h": "12960", "24h": "25920", "3d": "25920", "30d": "259200"}),
    ],
)
def test_detection_of_the_workbook(slo: Slo, seed: Policy, error_ratio: str, expected: dict[str, str | None]) -> None:
    found = {
        pair.long.text: predict.detection_seconds(slo.objective, pair, Decimal(error_ratio))
        for pair in (*seed.pairs, THREE_DAYS)
    }
    assert found == {long: seconds and Decimal(seconds) for long, seconds in expected.items()}


def test_budget_of_the_workbook(slo: Slo, seed: Policy) -> None:
    spent = [predict.budget_spent_ratio(slo.objective, pair, Decimal(1)) for pair in seed.pairs]
    assert spent == [Decimal("0.02"), Decimal("0.05"), Decimal("0.1"), Decimal(1)]


def test_reset_of_a_full_outage(slo: Slo, seed: Policy) -> None:
    assert predict.reset_seconds(slo.objective, seed.pairs[0], Decimal(1)) == Decimal("295.68")


@unhurried
@given(objectives, pairs(), ratios)
def test_fires_only_above_the_threshold(objective: Objective, pair: Pair, ratio: Decimal) -> None:
    fires = ratio / objective.error_budget > pair.burn_rate
    for predicted in (predict.detection_seconds, predict.reset_seconds, predict.budget_spent_ratio):
        assert (predicted(objective, pair, ratio) is not None) == fires


@unhurried
@given(firing(), scales)
def test_predictions_stay_inside_their_windows(case: Case, scale: int) -> None:
    detection = predict.detection_seconds(*case, scale)
    reset = predict.reset_seconds(*case, scale)
    delay = predict.recording_delay_seconds(*case, scale)
    assert 0 < detection < case.pair.long.seconds / Decimal(scale)
    assert 0 < reset < case.pair.short.seconds / Decimal(scale)
    assert 0 <= delay <= Decimal(150) / scale


@unhurried
@given(firing(), scales)
def test_budget_spent_is_what_burned_until_detection(case: Case, scale: int) -> None:
    seconds = predict.detection_seconds(*case, scale) * scale
    burned = seconds * case.error_ratio / (case.objective.error_budget * PERIOD.seconds)
    spent = predict.budget_spent_ratio(*case)
    assert abs(burned - spent) < Decimal("1e-15")
    assert abs(spent / case.pair.budget_share - 1) < Decimal("1e-5")


@unhurried
@given(firing(), scales)
def test_scale_divides(case: Case, scale: int) -> None:
    for predicted in (predict.detection_seconds, predict.reset_seconds, predict.recording_delay_seconds):
        assert abs(predicted(*case) - predicted(*case, scale) * scale) < Decimal("1e-12")


def test_recording_delay_integrates_the_ramp(slo: Slo, seed: Policy) -> None:
    """The 5m rate t seconds into a full outage is min(t / 300, 1); summed second by second, 6h fires here."""
    pair = seed.pairs[1]
    needed, seen, seconds = pair.threshold(slo.objective) * pair.long.seconds, Decimal(0), 0
    while seen < needed:
        seconds += 1
        seen += min(Decimal(seconds) / 300, Decimal(1))
    predicted = predict.detection_seconds(slo.objective, pair, Decimal(1))
    delay = predict.recording_delay_seconds(slo.objective, pair, Decimal(1))
    assert abs(predicted + delay - seconds) <= 1


@pytest.mark.parametrize(
    ("events", "failures", "per_second", "expected"),
    [
        (0, 0, "1", "51.84"),
        (0, 100, "1", "100"),
        (0, 10, "1", "51.84"),
        (3600, 0, "1", "51.84"),
        (3601, 0, "1", None),
        (0, 5, "0.001", None),
    ],
)
def test_a_guard_delays_or_prevents(
    slo: Slo, seed: Policy, events: int, failures: int, per_second: str, expected: str | None
) -> None:
    """A full outage: failures come as fast as events do, and 1h has to hold enough of both."""
    pair = replace(seed.pairs[0], guard=Guard(events, failures))
    rate = Decimal(per_second)
    found = predict.detection_seconds(slo.objective, pair, Decimal(1), 1, rate)
    assert found == (None if expected is None else Decimal(expected))
    spent = predict.budget_spent_ratio(slo.objective, pair, Decimal(1), rate)
    assert (spent is None) == (found is None)
    assert found is None or spent == pytest.approx(found / (slo.objective.error_budget * PERIOD.seconds))


def test_a_hold_comes_on_top(slo: Slo, seed: Policy) -> None:
    pair = replace(seed.pairs[0], hold=Window("3m"))
    assert predict.detection_seconds(slo.objective, pair, Decimal(1)) == Decimal("231.84")
