"""promtool tests that hold the rules of an SLO to what its policy predicts."""

from decimal import Decimal
from typing import Any

from slo import names
from slo.casebook import Case, check, firing, never, once
from slo.model import Pair, Policy, Slo, Window
from slo.outage import outage, up
from slo.rules import burn_alert
from slo.telemetry_tests import of_telemetry
from slo.traffic import Phase, Traffic, traffic

# promtool reads at most 10,000 samples a query, evaluates every rule at every step and knows one step a file: so
# each pair is tested with the finest of these steps that cuts its long window into few enough pieces.
STEPS = (Window("1m"), Window("10m"), Window("3h"))
MOST_STEPS = 450


def test_files(slo: Slo, policy: Policy, rules_file: str) -> dict[str, dict[str, Any]]:
    """The test documents by the end of their file's name: "test" has the finest step, "10m.test" a coarser one.

    None where the queries are too free for events to be made up.
    """
    made = traffic(slo)
    if made is None:
        return {}
    finest = STEPS[0]
    tests = {step: _of_pairs(slo, policy, made, step) for step in STEPS}
    tests[finest] += of_telemetry(slo, policy, made)
    return {
        "test" if step is finest else f"{step}.test": {
            "rule_files": [rules_file],
            "evaluation_interval": step.text,
            # Else promtool draws the order anew each time; a step may be longer than a sample stays visible.
            "group_eval_order": [group(slo.name) for group in (names.fast_group, names.slow_group, names.period_group)],
            "tests": found,
        }
        for step, found in tests.items()
        if found
    }


def _of_pairs(slo: Slo, policy: Policy, made: Traffic, step: Window) -> list[Case]:
    tests = []
    for pair in (pair for pair in policy.pairs if step_of(pair) == step):
        tests.append(outage_case(slo, pair, made, step))
        if made.exact:
            tests.append(_just_under(slo, pair, made, step))
    return tests


def step_of(pair: Pair) -> Window:
    """The step at which a pair is tested."""
    return next((step for step in STEPS if pair.long.seconds <= MOST_STEPS * step.seconds), STEPS[-1])


def outage_case(slo: Slo, pair: Pair, made: Traffic, step: Window, error_ratio: Decimal | None = None) -> Case:
    """Clean traffic, an outage, clean traffic again: when the pair must fire and reset."""
    moments = outage(slo.objective, pair, step.seconds, made, error_ratio)
    alert = _burn(slo, pair)
    phases = [
        Phase(moments.starts, moments.clean),
        Phase(moments.ends - moments.starts, moments.error_ratio),
        Phase(moments.silent_again - moments.ends, moments.clean),
    ]
    return {
        **_case(f"{slo.name}: {pair.name} fires and resets when it should"),
        "input_series": made.series(phases),
        "promql_expr_test": [
            never(alert, moments.still_silent),
            once(alert, moments.firing),
            once(alert, moments.still_firing),
            check(alert, moments.silent_again),
        ],
    }


def _just_under(slo: Slo, pair: Pair, made: Traffic, step: Window) -> Case:
    """Steady from the first request on, so that both windows show the same ratio at once."""
    end = up(pair.short.seconds, step.seconds) + step.seconds
    ratio = pair.threshold(slo.objective) * 99 / 100
    return {
        **_case(f"{slo.name}: {pair.name} is silent just under its threshold"),
        "input_series": made.series([Phase(end, ratio)]),
        "promql_expr_test": [never(_burn(slo, pair), end)],
    }


def _case(name: str) -> Case:
    return {"name": name, "interval": "1m"}


def _burn(slo: Slo, pair: Pair) -> str:
    windows = {names.LONG_WINDOW: pair.long.text, names.SHORT_WINDOW: pair.short.text}
    return firing(slo, burn_alert(slo), windows)
