import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import promql_parser
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slo import names, promql
from slo.errors import PolicyError, ScaleError
from slo.model import Objective, Policy, Slo, Window
from slo.rules import interval, recorded_windows, rule_file, to_yaml


def _rules(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (rule for group in document["groups"] for rule in group["rules"])


def _numbers(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w.])\d+\.\d+", text))


@pytest.mark.parametrize("scale", [1, 5, 20, 30])
def test_every_expression_parses(slo: Slo, seed: Policy, scale: int) -> None:
    for rule in _rules(rule_file(slo, seed, scale)):
        promql_parser.parse(rule["expr"])


def test_the_fast_group_pages_and_the_slow_one_records(slo: Slo, seed: Policy) -> None:
    fast, slow, sparse = rule_file(slo, seed)["groups"]
    assert (fast["name"], fast["interval"]) == ("slo:api-availability:fast", "5s")
    assert (slow["name"], slow["interval"]) == ("slo:api-availability:slow", "30s")
    assert [rule.get("alert", rule.get("record")) for rule in fast["rules"]] == [
        *[names.ERROR_RATIO] * 4,
        "ApiAvailabilityErrorBudgetBurn",
        "ApiAvailabilityErrorBudgetBurn",
        "ApiAvailabilityTelemetryAbsent",
    ]
    assert [rule.get("alert", rule.get("record")) for rule in slow["rules"]] == [
        names.ERRORS,
        names.REQUESTS,
        *[names.ERROR_RATIO] * 4,
        names.OBJECTIVE,
        names.PERIOD,
        names.BUDGET_REMAINING,
        "ApiAvailabilityErrorBudgetBurn",
        "ApiAvailabilityErrorBudgetBurn",
        "ApiAvailabilityTelemetryStale",
        "ApiAvailabilityErrorsAboveTotal",
    ]
    assert (sparse["name"], sparse["interval"]) == ("slo:api-availability:period", "5m")
    assert [rule["record"] for rule in sparse["rules"]] == [names.PERIOD_ERRORS, names.PERIOD_REQUESTS]


def test_the_first_page(slo: Slo, seed: Policy) -> None:
    group = rule_file(slo, seed)["groups"][0]["rules"]
    page = next(rule for rule in group if "alert" in rule)
    total = 'billing_http_requests_total{job="billing",http_route!~"/health|/ready"}'
    bad = total.replace("}", ',billing_request_outcome="bad"}')
    ratio = 'sum(slo:error_ratio:window{slo="api-availability",window="%s"}) > 0.0144'
    assert page["expr"] == "\nand\n".join(ratio % window for window in ("1h", "5m"))
    read = {rule["labels"]["window"]: rule["expr"] for rule in group if "record" in rule}
    for window in ("1h", "5m"):
        assert (
            read[window]
            == f"""(
  sum(rate({bad}[{window}]))
  or vector(0)
) / (sum(rate({total}[{window}])) > 0)"""
        )
    assert page["labels"] == {
        "slo": "api-availability",
        "service": "billing",
        "severity": "page",
        "policy": "seed",
        "long_window": "1h",
        "short_window": "5m",
        "burn_rate": "14.4",
    }
    assert page["annotations"]["runbook_url"] == "docs/runbooks/api-availability.md"


def test_pages_up_to_1h_read_no_recording(slo: Slo, seed: Policy) -> None:
    for pair in seed.pairs:
        for window in (pair.long, pair.short):
            expression = promql.error_ratio(slo, window, 1)
            assert ("slo:" in expression) == (window.seconds > 3_600)
            assert (names.PERIOD_ERRORS in expression) == (window.seconds > 3 * 86_400)


def test_windows_shrink_and_names_stay(slo: Slo, seed: Policy) -> None:
    real, scaled = rule_file(slo, seed), rule_file(slo, seed, 20)
    assert [group["interval"] for group in scaled["groups"]] == ["250ms", "1500ms", "15s"]
    for before, after in zip(_rules(real), _rules(scaled), strict=True):
        assert before["labels"] == after["labels"]
        if not before.get("alert", "").endswith("TelemetryStale"):
            assert _numbers(before["expr"]) == _numbers(after["expr"])
    short, *_, long, _, page, _, _ = scaled["groups"][0]["rules"]
    assert "[15s]" in short["expr"]
    assert "[3m]" in long["expr"]
    assert "Scaled k=20" in page["annotations"]["description"]
    assert "Scaled" not in to_yaml(real)


def test_thresholds_are_free_of_float_dust(slo: Slo, seed: Policy) -> None:
    text = to_yaml(rule_file(slo, seed))
    assert _numbers(text) == {
        "0.0144",
        "0.006",
        "0.003",
        "0.001",
        "0.999",
        "14.4",
        "1.44",
        "0.6",
        "0.3",
        "0.1",
        "99.9",
    } | {
        "0.0666667",
        "1.01",
    }


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.decimals(min_value="0.94", max_value="0.99999999", places=8))
def test_no_objective_leaves_dust(slo: Slo, seed: Policy, target: Decimal) -> None:
    found = rule_file(replace(slo, objective=Objective(target, slo.objective.period)), seed)
    for rule in _rules(found):
        promql_parser.parse(rule["expr"])
        assert all(len(number) <= len("0.123456789") for number in _numbers(rule["expr"]))


@pytest.mark.parametrize(("seconds", "scale", "expected"), [(5, 1, "5s"), (5, 30, "167ms"), (30, 20, "1500ms")])
def test_interval_rounds_up_to_a_millisecond(seconds: int, scale: int, expected: str) -> None:
    assert interval(seconds, scale) == expected


def test_the_period_is_recorded_even_where_no_pair_asks_for_it(slo: Slo, seed: Policy) -> None:
    short = replace(seed, pairs=seed.pairs[:1])
    assert recorded_windows(slo, short) == [Window("5m"), Window("1h"), Window("30d")]


def test_a_scale_that_divides_no_window(slo: Slo, seed: Policy) -> None:
    with pytest.raises(ScaleError, match="scale 7: 1m / 7"):
        rule_file(slo, seed, 7)


def test_a_policy_that_does_not_fit(slo: Slo, seed: Policy) -> None:
    low = replace(slo, objective=Objective(Decimal("0.9"), slo.objective.period))
    with pytest.raises(PolicyError, match="can never fire"):
        rule_file(low, seed)


def test_alert_names() -> None:
    assert names.burn_alert("usage-ingest-latency") == "UsageIngestLatencyErrorBudgetBurn"
    assert names.telemetry_absent_alert("api-availability") == "ApiAvailabilityTelemetryAbsent"
