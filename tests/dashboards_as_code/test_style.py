"""The house style: what breaks it does not build, and says so in words."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from dashboards_as_code import compat, style
from dashboards_as_code.errors import StyleError
from dashboards_as_code.model import Board, Kind, Palette, Panel, Query, Row, Threshold, Unit
from dashboards_as_code.queries import OUTCOME
from dashboards_as_code.sources import Sources

PANEL = Panel(
    title="Requests", description="Requests a second.", unit=Unit.REQUESTS_PER_SECOND, queries=(Query("up", "{{job}}"),)
)


def board(*panels: Panel) -> Board:
    return Board(uid="test", title="Test", description="A test.", rows=(Row("Row", panels),))


def drawn(panel: Panel) -> dict[str, Any]:
    return compat.finalise(style.dashboard(board(panel)))["panels"][1]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"title": " "}, "no title"),
        ({"description": ""}, "no description"),
        ({"unit": "furlongs"}, "unit 'furlongs' is not of the house"),
        ({"unit": ""}, "unit '' is not of the house"),
        ({"queries": ()}, "0 queries; expected 1 to 26"),
        ({"queries": PANEL.queries * 27}, "27 queries; expected 1 to 26"),
        ({"queries": (Query("up", ""),)}, "without legend"),
        ({"thresholds": (Threshold("purple", None),)}, "'purple' is unknown"),
        ({"thresholds": (Threshold("page", Decimal(1)),)}, "out of order"),
        (
            {"thresholds": (Threshold("good", None), Threshold("page", Decimal(2)), Threshold("ticket", Decimal(1)))},
            "out of order",
        ),
    ],
)
def test_misuse_fails_in_words(change: dict[str, Any], complaint: str) -> None:
    wrong = replace(PANEL, **change)

    with pytest.raises(StyleError, match=complaint) as raised:
        style.dashboard(board(wrong))

    assert str(raised.value).startswith(f"test: panel {wrong.title!r}: ")
    assert "expected" in str(raised.value)


def test_a_title_may_be_used_once() -> None:
    with pytest.raises(StyleError, match="'Requests': the title is used twice"):
        style.dashboard(board(PANEL, PANEL))


def test_a_uid_is_as_short_as_grafana_wants_it() -> None:
    with pytest.raises(StyleError, match="a uid of 41 characters; expected at most 40"):
        style.dashboard(replace(board(PANEL), uid="u" * 41))


@pytest.mark.parametrize("count", [0, 7])
def test_a_row_has_room_for_six_panels(count: int) -> None:
    panels = (replace(PANEL, title=f"Panel {number}") for number in range(count))

    with pytest.raises(StyleError, match=f"test: row 'Row': {count} panels; expected 1 to 6"):
        style.dashboard(board(*panels))


def test_the_axis_reaches_beyond_a_threshold_line() -> None:
    defaults = drawn(replace(PANEL, thresholds=(Threshold("good", None), Threshold("page", Decimal("14.5")))))[
        "fieldConfig"
    ]["defaults"]

    assert defaults["thresholds"]["steps"] == [{"color": "green", "value": None}, {"color": "red", "value": 14.5}]
    assert defaults["custom"]["thresholdsStyle"] == {"mode": "line"}
    assert defaults["custom"]["axisSoftMax"] == 18.125


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_panel_carries_the_unit(kind: Kind) -> None:
    assert drawn(replace(PANEL, kind=kind))["fieldConfig"]["defaults"]["unit"] == "reqps"


def test_every_outcome_of_the_registry_has_its_colour(known: Sources) -> None:
    values = {a.name: a.values for metric in known.registry.metrics for a in metric.attributes}

    assert set(style.SERIES_COLOURS[Palette.OUTCOME]) == set(values[OUTCOME])


def test_thresholds_are_numbers_without_dust() -> None:
    assert [compat.number(Decimal(text)) for text in ("6.0", "14.4", "0.001")] == [6, 14.4, 0.001]
    assert isinstance(compat.number(Decimal("6.0")), int)
