"""Every name in an expression exists, and every metric that exists is on a panel."""

from dataclasses import replace
from decimal import Decimal

import pytest

from dashboards_as_code import queries, report, vocabulary
from dashboards_as_code.__main__ import main
from dashboards_as_code.errors import DashboardError
from dashboards_as_code.model import Board, Panel, Query, Row, Unit
from dashboards_as_code.sources import Sources
from service.telemetry.registry import Registry, prometheus_names
from slo import names
from slo.model import Alerting

WORDS = {
    "hits_total": frozenset({"job", "instance", "code"}),
    "span_seconds_bucket": frozenset({"job", "le"}),
}


def test_every_metric_of_the_registry_is_on_a_panel(known: Sources, all_panels: list[Panel]) -> None:
    named = {
        metric
        for panel in all_panels
        for query in panel.queries
        for metric, _ in vocabulary.mentions(query.expr).selected
    }

    assert {m.name: bool(named.intersection(prometheus_names(m))) for m in known.registry.metrics} == {
        m.name: True for m in known.registry.metrics
    }


def test_every_expression_parses_and_names_only_what_exists(
    known: Sources, all_panels: list[Panel], capsys: pytest.CaptureFixture[str]
) -> None:
    words = known.vocabulary()

    assert [p for panel in all_panels for q in panel.queries for p in vocabulary.problems(q.expr, words)] == []
    assert main(["check"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("findings=0")


def test_the_state_of_an_alert_is_that_of_the_alert_as_its_document_calls_it(known: Sources) -> None:
    entry, pair = known.guarded[0], known.guarded[0].policy.pairs[0]
    renamed = replace(entry.slo, alerting=Alerting(name="ShopErrors"))
    assert 'alertname="ShopErrors"' in queries.burn_alert_state(renamed, pair)
    assert f'alertname="{names.burn_alert(entry.slo.name)}"' in queries.burn_alert_state(entry.slo, pair)


def test_a_limit_of_each_process_is_not_added_up(known: Sources, all_panels: list[Panel]) -> None:
    (limit,) = prometheus_names(known.registry.metric(queries.CONCURRENCY_LIMIT))
    shown = {query.expr for panel in all_panels if panel.title == "Concurrency limit" for query in panel.queries}
    assert [expr.partition("{")[0] for expr in shown] == [f"max ({limit}"]


@pytest.mark.parametrize(
    ("expr", "problem"),
    [
        ("sum(rate(hits_total[", "does not parse"),
        ("hit_total", "metric 'hit_total' is unknown"),
        ('{job="a"}', "metric '' is unknown"),
        ('hits_total{status="200"}', "label 'status' is unknown of hits_total"),
        ("sum by (route) (hits_total)", "label 'route' is unknown of hits_total"),
        ("sum without (route) (hits_total)", "label 'route' is unknown of hits_total"),
        ("hits_total / on (route) hits_total", "label 'route' is unknown of hits_total"),
        ("hits_total * on (job) group_left (team) hits_total", "label 'team' is unknown of hits_total"),
        ('label_replace(hits_total, "class", "$1", "status", "(.).*")', "label 'status' is unknown of hits_total"),
        ("hits_total{} + absent(rate(nothing_total[5m]))", "metric 'nothing_total' is unknown"),
    ],
)
def test_what_does_not_exist_is_named(expr: str, problem: str) -> None:
    (found,) = vocabulary.problems(expr, WORDS)

    assert problem in found


@pytest.mark.parametrize(
    "expr",
    [
        'sum by (code) (rate(hits_total{job=~"$job", instance=~"$instance"}[$__rate_interval]))',
        'sum by (class) (label_replace(hits_total, "class", "${1}xx", "code", "(.).."))',
        "histogram_quantile(0.9, sum by (le) (rate(span_seconds_bucket[$__rate_interval])))",
    ],
)
def test_what_exists_is_accepted(expr: str) -> None:
    assert list(vocabulary.problems(expr, WORDS)) == []


def test_the_check_reports_an_unknown_name_with_its_panel(known: Sources, capsys: pytest.CaptureFixture[str]) -> None:
    panel = Panel("Broken", "A panel.", Unit.COUNT, (Query("no_such_metric", "none"),))

    assert report.names([Board("test", "Test", "A test.", (Row("Row", (panel,)),))], known) == 1

    error = capsys.readouterr().err
    assert error.startswith("dashboards: test: panel 'Broken': metric 'no_such_metric' is unknown")
    assert error.count("\n") == 1


def test_the_check_reports_a_metric_on_no_panel(
    known: Sources, built: tuple[Board, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    forgotten = replace(known.registry.metrics[0], name="forgotten.metric")
    more = replace(known, registry=Registry((*known.registry.metrics, forgotten)))

    assert report.names(built, more) == 1
    assert "forgotten.metric: in the metric registry and on no panel" in capsys.readouterr().err


def test_an_attribute_that_a_metric_lacks_is_refused(known: Sources) -> None:
    with pytest.raises(DashboardError, match=r"no attribute 'http\.route'; expected one of billing"):
        queries.per_second(known.registry.metric(queries.USAGE_EVENTS), queries.ROUTE)


def test_a_latency_bound_that_is_no_bucket_is_refused(known: Sources) -> None:
    with pytest.raises(DashboardError, match=r"no bucket ends at 0\.3 s"):
        queries.share_within(known.registry.metric(queries.HTTP_SERVER), Decimal("0.3"))


def test_burn_rate_thresholds_are_the_policys(known: Sources, built: tuple[Board, ...]) -> None:
    boards = {board.uid: {panel.title: panel for panel in board.panels()} for board in built}

    for entry in known.guarded:
        panels = boards[f"slo-{entry.slo.name}"]
        lines = {title: panel.thresholds[-1] for title, panel in panels.items() if "burn rate " in title}
        for pair in entry.policy.pairs:
            drawn = lines[f"{entry.slo.title}: burn rate {pair.name}"]
            assert (drawn.level, drawn.value) == (pair.severity, pair.burn_rate)
        assert len(lines) == len(entry.policy.pairs) > 0


def test_an_objective_without_a_document_is_refused(known: Sources) -> None:
    with pytest.raises(DashboardError, match=r"survival-lunar: no such SLO; expected one of .*survival-remote"):
        list(known.named(["survival-remote", "survival-lunar"]))


def test_the_boards_are_those_that_are_promised_and_one_for_each_objective(
    known: Sources, built: tuple[Board, ...]
) -> None:
    objectives = [f"slo-{entry.slo.name}" for entry in known.guarded]

    assert [board.uid for board in built] == ["survival", "latency", "errors", "cost", "gameday", *objectives]
