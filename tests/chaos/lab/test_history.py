import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from chaos.errors import LabError
from chaos.lab.configuration import intervals
from chaos.lab.history import History, RawSeries, RecordedSeries, seed
from chaos.lab.programs import find
from chaos.lab.seeding import EVENTS_A_REQUEST, history_of
from chaos.order import others_than, slo_of
from slo import names
from slo.indicator import Counted, Threshold


def small(end: float) -> History:
    return History(
        end=end,
        period_seconds=100.0,
        fine_seconds=20.0,
        fine_step_seconds=5.0,
        coarse_step_seconds=40.0,
        raw=(RawSeries("requests_total", {"b": "2", "a": "1"}, rate=2.0),),
        recorded=(RecordedSeries("slo:requests:rate5m", {"slo": "x"}, 2.0, 50.0, 100.0),),
    )


def test_counters_grow_at_their_rate_with_coarse_then_fine_steps() -> None:
    assert list(small(1000.0).open_metrics()) == [
        "# TYPE requests_total unknown\n",
        'requests_total{a="1",b="2"} 80.000 940.000\n',
        'requests_total{a="1",b="2"} 160.000 980.000\n',
        'requests_total{a="1",b="2"} 170.000 985.000\n',
        'requests_total{a="1",b="2"} 180.000 990.000\n',
        'requests_total{a="1",b="2"} 190.000 995.000\n',
        'requests_total{a="1",b="2"} 200.000 1000.000\n',
        "# TYPE slo:requests:rate5m gauge\n",
        'slo:requests:rate5m{slo="x"} 2.000000 950.000\n',
        'slo:requests:rate5m{slo="x"} 2.000000 1000.000\n',
        "# EOF\n",
    ]


def test_promtool_makes_blocks_of_it_and_the_text_is_removed(tmp_path: Path) -> None:
    text, blocks = tmp_path / "history.txt", tmp_path / "blocks"
    seed(small(time.time()), find("promtool"), text, blocks)
    assert list(blocks.glob("*/meta.json"))
    assert not text.exists()


def test_what_promtool_refuses_is_said_in_its_words(tmp_path: Path) -> None:
    bad = History(**{**vars(small(time.time())), "raw": (RawSeries("not a name", {}, 1.0),)})
    with pytest.raises(LabError, match="promtool could not seed the history"):
        seed(bad, find("promtool"), tmp_path / "history.txt", tmp_path / "blocks")


@pytest.mark.parametrize("scale", [1, 5])
def test_the_history_of_an_slo_fills_its_period_and_its_raw_windows(scale: int) -> None:
    slo, _ = slo_of("api-availability", scale)
    history = history_of(slo, [], scale, 40.0, intervals(scale), end=1_000_000.0)
    assert history.period_seconds * scale == 30 * 86400
    assert history.fine_seconds * scale >= 3600
    assert [one.step_seconds * scale for one in history.recorded] == [30, 30, 300, 300]
    assert {one.value for one in history.recorded} == {0.0, 40.0}
    assert [one.span_seconds * scale for one in history.recorded] == [3 * 86400] * 2 + [30 * 86400] * 2
    assert slo.total.matches(history.raw[0].name, history.raw[0].labels)


def test_the_history_of_all_objectives_gives_each_what_its_rules_read() -> None:
    """Whoever selects a series gets its rate, and the objective that the run is about has just the run's rate."""
    slo, _ = slo_of("api-availability", 5)
    others = [entry.slo for entry in others_than(slo, 5)]
    history = history_of(slo, others, 5, 40.0, intervals(5), end=1_000_000.0)
    assert sum(one.rate for one in history.raw if slo.total.matches(one.name, one.labels)) == 40.0
    recorded = {one.labels["slo"]: one.value for one in history.recorded if one.name == names.PERIOD_REQUESTS}
    assert recorded.keys() == {slo.name, *(one.name for one in others)}
    assert recorded["api-availability"] == 40.0
    assert recorded["usage-ingest-availability"] == 28.0
    assert recorded.keys() >= EVENTS_A_REQUEST.keys()
    assert {name for name, rate in recorded.items() if not rate} == {"webhook-success"}
    for one in others:
        if isinstance(one.indicator, Counted) and one.indicator.good:
            good = [each.rate for each in history.raw if one.indicator.part.selector.matches(each.name, each.labels)]
            assert sum(good) == recorded[one.name]
    assert len({(one.name, *sorted(one.labels.items())) for one in history.raw}) == len(history.raw)


@pytest.mark.parametrize(
    ("expression", "seeded"),
    [
        ('time() - s3_uploaded_timestamp{job="x"}', {"s3_uploaded_timestamp": {"job": "x"}}),
        ("max(queue_p99_seconds)", {"queue_p99_seconds": {}}),
        ('Depth{a=~"b|c",d!="e"} / on () Room2{f="{}"}', {"Depth": {"a": "b"}, "Room2": {"f": "{}"}}),
        ('max_over_time(lag{g="h"}[5m]) * scalar(k8s_nodes)', {"lag": {"g": "h"}, "k8s_nodes": {}}),
    ],
)
def test_every_series_that_a_levels_expression_reads_is_seeded(expression: str, seeded: dict[str, object]) -> None:
    slo, _ = slo_of("api-availability", 5)
    level = replace(slo, name="level", indicator=Threshold(expression, "lte", Decimal(1)))
    history = history_of(slo, [level], 5, 40.0, intervals(5), end=1_000_000.0)
    assert {one.name: one.labels for one in history.recorded if not one.name.startswith("slo:")} == seeded


def test_a_level_whose_metric_has_no_name_is_refused() -> None:
    slo, _ = slo_of("api-availability", 5)
    level = replace(slo, name="level", indicator=Threshold('{job="x"}', "lte", Decimal(1)))
    with pytest.raises(LabError, match="expected each to name its metric"):
        history_of(slo, [level], 5, 40.0, intervals(5), end=1_000_000.0)
