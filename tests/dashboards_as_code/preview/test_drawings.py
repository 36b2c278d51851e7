"""Each kind of panel from recorded answers."""

import re

import pytest

from dashboards_as_code.errors import DashboardError, UnavailableError
from dashboards_as_code.preview import marks
from dashboards_as_code.preview.answers import Answers
from tests.dashboards_as_code.preview.conftest import Draw
from tests.dashboards_as_code.preview.recorded import END

STEPS = [{"color": "red", "value": None}, {"color": "orange", "value": 0}, {"color": "green", "value": 0.25}]


def test_lines_have_a_title_a_description_and_a_legend_with_figures(draw: Draw) -> None:
    drawing = draw("timeseries", "rate", "reqps", "{{code}}", options={"legend": {"calcs": ["lastNotNull", "max"]}})
    assert not drawing.empty
    assert "<h3>A timeseries</h3><p>How to read it.</p>" in drawing.html
    assert re.search(r"2xx</td><td>[0-6] req/s</td><td>6 req/s</td>", drawing.html)
    assert re.search(r"5xx</td><td>2.5 req/s</td><td>2.5 req/s</td>", drawing.html)
    assert drawing.html.count('<path class="line"') == 2


def test_a_series_named_in_an_override_takes_its_colour(draw: Draw) -> None:
    red = {"id": "color", "value": {"mode": "fixed", "fixedColor": "red"}}
    override = {"matcher": {"id": "byName", "options": "5xx"}, "properties": [red]}
    html = draw("timeseries", "rate", "reqps", "{{code}}", overrides=[override]).html
    assert 'background:#f2495c"></i>5xx' in html
    assert 'background:#f2495c"></i>2xx' not in html


def test_a_gap_is_not_drawn_over(draw: Draw) -> None:
    (path,) = re.findall(r'class="line"[^>]* d="([^"]+)"', draw("timeseries", "gap").html)
    assert path.count("M") == 2


def test_stacked_series_stand_on_each_other(draw: Draw) -> None:
    html = draw("timeseries", "rate", "ops", "{{code}}", custom={"stacking": {"mode": "normal"}}).html
    assert html.count('fill-opacity=".3"') == 2
    assert ">8 ops/s</text>" in html  # 6 and 2.5 above it
    assert re.findall(r'class="line"[^>]*><title>(\w+):', html) == ["5xx", "2xx"]  # the lower one is not covered


@pytest.mark.parametrize(("style", "drawn"), [("line", 2), ("off", 0)])
def test_threshold_lines_are_drawn_where_the_panel_says_so(draw: Draw, style: str, drawn: int) -> None:
    html = draw("timeseries", "rate", custom={"thresholdsStyle": {"mode": style}}, steps=STEPS).html
    assert html.count('class="threshold"') == drawn


def test_a_heatmap_shows_each_bucket_alone_from_the_fastest_up(draw: Draw) -> None:
    html = draw("heatmap", "buckets", "s", "{{le}}").html
    labels = re.findall(r'text-anchor="end"[^>]*>([^<]+)<', html)
    assert labels == ["≤ 100 ms", "≤ 250 ms", "more"]
    tips = set(re.findall(r"<title>([^<]+)</title>", html))
    assert tips == {"≤ 100 ms: 10", "≤ 250 ms: 20", "50 ms: trace_id cd", "175 ms: trace_id ab"}


def test_a_state_timeline_names_and_colours_states(draw: Draw) -> None:
    options = {"0": {"text": "inactive", "color": "green"}, "2": {"text": "firing", "color": "red"}}
    html = draw("state-timeline", "state", "none", "page", mappings=[{"type": "value", "options": options}]).html
    bars = re.findall(r'<rect [^>]*width="([\d.]+)"[^>]*fill="(#\w+)"[^>]*><title>page: (\w+)', html)
    assert [(colour, state) for _, colour, state in bars] == [("#73bf69", "inactive"), ("#f2495c", "firing")]
    assert float(bars[0][0]) == pytest.approx(2 * float(bars[1][0]), rel=0.05)


@pytest.mark.parametrize("kind", ["stat", "gauge", "bargauge"])
def test_a_figure_takes_the_colour_of_its_threshold(draw: Draw, kind: str) -> None:
    html = draw(kind, "left", "percentunit", "left", steps=STEPS, options={"colorMode": "background"}).html
    assert "10 %" in html
    assert "#ff9830" in html


def test_a_table_renames_and_leaves_out_columns_and_escapes_values(draw: Draw) -> None:
    arranged = {"id": "organize", "options": {"renameByName": {"tenant": "Tenant", "Value": "Drift"}}}
    html = draw("table", "drift", "currencyUSD", transformations=[arranged]).html
    assert "<tr><th>Tenant</th><th>Drift</th></tr>" in html
    assert "<td>&lt;b&gt;acme&lt;/b&gt;</td><td>$12.5</td>" in html


def test_a_text_panel_is_never_empty(draw: Draw) -> None:
    drawing = draw("text", "", options={"content": "# Read\n\nSee [the runbook](docs/x.md), **now**.\n\n- a\n- <i>"})
    assert not drawing.empty
    assert "<h4>Read</h4>" in drawing.html
    assert (
        '<p>See <a href="docs/x.md">the runbook</a>, <b>now</b>.</p><ul><li>a</li><li>&lt;i&gt;</li></ul>'
        in drawing.html
    )


def test_a_panel_without_a_number_says_so(draw: Draw) -> None:
    drawing = draw("timeseries", "nan")
    assert drawing.empty
    assert "no data" in drawing.html


def test_a_type_that_nobody_draws_is_named(draw: Draw) -> None:
    with pytest.raises(DashboardError, match=r"panel 'A piechart': type 'piechart'; expected one of timeseries, "):
        draw("piechart", "rate")


def test_prometheus_refusal_is_told_in_its_words(draw: Draw) -> None:
    with pytest.raises(UnavailableError, match=r"^http://127\.0\.0\.1:\d+: oops: unknown query oops$"):
        draw("timeseries", "oops")


def test_annotations_mark_the_moments_at_which_they_began(answers: Answers) -> None:
    pages = {"name": "Pages", "expr": "pages", "titleFormat": "{{alertname}}", "iconColor": "red"}
    (mark,) = marks.of_board({"annotations": {"list": [pages]}}, answers)
    assert (mark.at, mark.text, mark.colour) == (END - 40, "Pages: Burn", "#f2495c")


def test_exemplars_stand_in_the_row_of_their_bucket(draw: Draw) -> None:
    html = draw("heatmap", "buckets", "s", "{{le}}").html
    rows = [float(y) for y in re.findall(r'text-anchor="end"[^>]* y="([\d.]+)"', html)]
    dots = [float(y) for y in re.findall(r'<circle [^>]*cy="([\d.]+)"', html)]
    assert dots == pytest.approx([rows[0] - 4, rows[1] - 4], abs=0.2)  # half way up, where the labels stand
