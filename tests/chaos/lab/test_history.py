import time
from pathlib import Path

import pytest

from chaos.errors import LabError
from chaos.lab.configuration import intervals
from chaos.lab.history import History, RawSeries, RecordedSeries, seed
from chaos.lab.programs import find
from chaos.lab.seeding import history_of
from chaos.order import slo_of


def small(end: float) -> History:
    return History(
        end=end,
        period_seconds=100.0,
        fine_seconds=20.0,
        fine_step_seconds=5.0,
        coarse_step_seconds=40.0,
        counter_name="requests_total",
        raw=(RawSeries({"b": "2", "a": "1"}, rate=2.0),),
        recorded=(RecordedSeries("slo:requests:rate5m", {"slo": "x"}, 2.0, 50.0),),
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
    bad = History(**{**vars(small(time.time())), "counter_name": "not a name"})
    with pytest.raises(LabError, match="promtool could not seed the history"):
        seed(bad, find("promtool"), tmp_path / "history.txt", tmp_path / "blocks")


@pytest.mark.parametrize("scale", [1, 5])
def test_the_history_of_an_slo_fills_its_period_and_its_raw_windows(scale: int) -> None:
    slo, _ = slo_of("api-availability", scale)
    history = history_of(slo, scale, 40.0, intervals(scale), end=1_000_000.0)
    assert history.period_seconds * scale == 30 * 86400
    assert history.fine_seconds * scale >= 3600
    assert [one.step_seconds * scale for one in history.recorded] == [30, 30, 300, 300]
    assert {one.value for one in history.recorded} == {0.0, 40.0}
    assert slo.total.matches(history.counter_name, history.raw[0].labels)
