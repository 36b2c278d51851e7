"""promtool tests that hold the rules of an SLO to what its policy predicts."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from slo import names, traffic
from slo.model import Pair, Policy, Slo, Window, range_text
from slo.outage import outage, up
from slo.promql import LONGEST_RAW_WINDOW
from slo.rules import ABSENT_FOR, recorded_windows
from slo.traffic import Phase

# promtool reads at most 10,000 samples a query, evaluates every rule at every step and knows one step a file: so
# each pair is tested with the finest of these steps that cuts its long window into few enough pieces.
STEPS = (Window("1m"), Window("10m"), Window("3h"))
MOST_STEPS = 450

Test = dict[str, Any]


def test_files(slo: Slo, policy: Policy, rules_file: str) -> dict[str, dict[str, Any]]:
    """The test documents by the end of their file's name: "test" has the finest step, "10m.test" a coarser one."""
    finest = STEPS[0]
    tests = {step: _of_pairs(slo, policy, step) for step in STEPS}
    tests[finest] += _of_telemetry(slo, policy)
    return {
        "test" if step is finest else f"{step}.test": {
            "rule_files": [rules_file],
            "evaluation_interval": step.text,
            "group_eval_order": [names.period_group(slo.name), names.slow_group(slo.name), names.fast_group(slo.name)],
            "tests": found,
        }
        for step, found in tests.items()
        if found
    }


def _of_pairs(slo: Slo, policy: Policy, step: Window) -> list[Test]:
    pairs = [pair for pair in policy.pairs if _step(pair) == step]
    return [test for pair in pairs for test in (_outage(slo, pair, step), _just_under(slo, pair, step))]


def _step(pair: Pair) -> Window:
    return next((step for step in STEPS if pair.long.seconds <= MOST_STEPS * step.seconds), STEPS[-1])


def _outage(slo: Slo, pair: Pair, step: Window) -> Test:
    moments = outage(slo.objective, pair, step.seconds)
    alert = _burn(slo, pair)
    phases = [
        Phase(moments.starts, Decimal(0)),
        Phase(moments.ends - moments.starts, moments.error_ratio),
        Phase(moments.silent_again - moments.ends, Decimal(0)),
    ]
    return _test(
        f"{slo.name}: {pair.name} fires and resets when it should",
        traffic.input_series(slo, phases),
        _never(alert, moments.still_silent),
        _once(alert, moments.firing),
        _once(alert, moments.still_firing),
        _check(alert, moments.silent_again),
    )


def _just_under(slo: Slo, pair: Pair, step: Window) -> Test:
    """Steady from the first request on, so that both windows show the same ratio at once."""
    end = up(pair.short.seconds, step.seconds) + step.seconds
    ratio = pair.threshold(slo.objective) * 99 / 100
    return _test(
        f"{slo.name}: {pair.name} is silent just under its threshold",
        traffic.input_series(slo, [Phase(end, ratio)]),
        _never(_burn(slo, pair), end),
    )


def _of_telemetry(slo: Slo, policy: Policy) -> list[Test]:
    return [_no_errors(slo, policy), _idle(slo, policy), _vanished(slo), _late(slo)]


def _no_errors(slo: Slo, policy: Policy) -> Test:
    """A service that never failed has no series of errors, and its whole budget."""
    end = 600
    return _test(
        f"{slo.name}: an absent series of errors means no errors",
        traffic.requests_only(slo, traffic.steady(end)),
        _zero_ratios(slo, recorded_windows(slo, policy), end),
        _check(f"sum({names.series(names.BUDGET_REMAINING, slo.name)})", end, {"{}": 1}),
        _check(names.series("ALERTS", slo.name), end),
    )


def _idle(slo: Slo, policy: Policy) -> Test:
    """Once a window has seen no request it has no sample, and the longer ones stay numbers."""
    busy, idle = 1_800, LONGEST_RAW_WINDOW.seconds + 300
    windows = [window for window in recorded_windows(slo, policy) if window.seconds > idle]
    return _test(
        f"{slo.name}: no traffic means no error ratio",
        traffic.requests_only(slo, f"{traffic.steady(busy)} {_last(busy)}+0x{idle // traffic.STEP_SECONDS}"),
        _zero_ratios(slo, windows, busy + idle),
        _check(names.series("ALERTS", slo.name), busy + idle),
    )


def _vanished(slo: Slo) -> Test:
    gone = 600 + traffic.STEP_SECONDS
    alert = _firing(slo, names.telemetry_absent_alert(slo.name), {})
    return _test(
        f"{slo.name}: requests that are no longer counted page",
        traffic.requests_only(slo, f"{traffic.steady(600)} stale"),
        _never(alert, gone),
        _once(alert, gone + ABSENT_FOR.seconds),
    )


def _late(slo: Slo) -> Test:
    """The first scrape of a fresh Prometheus finds nothing yet."""
    alert = _firing(slo, names.telemetry_absent_alert(slo.name), {})
    series = traffic.requests_only(slo, f"_ {traffic.steady(600)}")
    return _test(f"{slo.name}: a start pages nobody", series, _never(alert, 600))


def _last(seconds: int) -> int:
    return traffic.REQUESTS_A_STEP * seconds // traffic.STEP_SECONDS


def _burn(slo: Slo, pair: Pair) -> str:
    windows = {names.LONG_WINDOW: pair.long.text, names.SHORT_WINDOW: pair.short.text}
    return _firing(slo, names.burn_alert(slo.name), windows)


def _firing(slo: Slo, alert: str, labels: dict[str, str]) -> str:
    fixed = {"alertname": alert, "alertstate": "firing", names.SLO: slo.name}
    return f"ALERTS{names.braces({**fixed, **labels})}"


def _test(name: str, series: list[dict[str, str]], *checks: dict[str, Any]) -> Test:
    return {
        "name": name,
        "interval": _range(traffic.STEP_SECONDS),
        "input_series": series,
        "promql_expr_test": list(checks),
    }


def _never(alert: str, until: int) -> dict[str, Any]:
    return _check(f"count_over_time({alert}[{_range(until)}])", until)


def _once(alert: str, at: int) -> dict[str, Any]:
    return _check(f"count({alert})", at, {"{}": 1})


def _zero_ratios(slo: Slo, windows: Iterable[Window], at: int) -> dict[str, Any]:
    series = names.series(names.ERROR_RATIO, slo.name)
    labels = (names.braces({names.WINDOW: window.text}) for window in windows)
    return _check(f"sum by ({names.WINDOW}) ({series})", at, dict.fromkeys(labels, 0))


def _check(expression: str, at: int, samples: dict[str, int] | None = None) -> dict[str, Any]:
    """The samples, by their labels, that the expression has to have; none where they are not given."""
    expected = [{"labels": labels, "value": value} for labels, value in (samples or {}).items()]
    return {"expr": expression, "eval_time": _range(at), "exp_samples": expected}


def _range(seconds: int) -> str:
    return range_text(seconds * 1_000)
