"""`dashboards preview`: what it writes, and what it says of mistakes."""

import socket
from pathlib import Path

import pytest

from dashboards_as_code.__main__ import main
from dashboards_as_code.preview.answers import Answers
from dashboards_as_code.preview.page import draw, html
from tests.dashboards_as_code.preview.recorded import panel


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_no_prometheus_is_one_line_and_exit_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    assert main(["preview", "--prometheus", url, "--out", str(tmp_path / "page.html")]) == 3
    printed = capsys.readouterr()
    expected = "no connection; expected a Prometheus that answers /api/v1/query"
    assert (printed.out, printed.err) == ("", f"dashboards: {url}: {expected}\n")
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--board", "surviving"], "surviving: no such board; expected one of survival, latency, errors, "),
        (["--end", "noon"], "'noon' is no time such as 2026-11-28T09:00:00Z"),
        (["--lookback", "soon"], "'soon' is no duration such as 1m"),
        (["--prometheus", "localhost:9090"], "'localhost:9090' is no address such as http://127.0.0.1:9090"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(["preview", *arguments])
    except SystemExit as ended:
        code = int(str(ended.code))
    error = capsys.readouterr().err
    assert (code, error.count("\n")) == (2, 1)
    assert complaint in error


def test_panels_of_one_height_stand_side_by_side_under_their_heading(answers: Answers) -> None:
    row = {"type": "row", "title": "Requests", "gridPos": {"x": 0, "y": 0, "w": 24, "h": 1}, "panels": []}
    right, left = (panel("timeseries", "rate") | {"title": title} for title in ("right", "left"))
    right["gridPos"], left["gridPos"] = ({"x": x, "y": 1, "w": 12, "h": 8} for x in (12, 0))
    board = draw({"uid": "u", "title": "T & T", "panels": [row, right, left]}, answers)
    assert [(line.heading, [each.title for each in line.panels]) for line in board.lines] == [
        ("Requests", []),
        ("", ["left", "right"]),
    ]
    page = html([board], answers.span)
    assert "<h1>T &amp; T</h1>" in page
    assert "2027-01-15 07:58:00 to 08:00:00 UTC" in page
