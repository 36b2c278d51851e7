"""The faults that ship, and what is wrong with one that cannot be used."""

import pytest
from chaoslib.experiment import ensure_experiment_is_valid

from chaos.errors import UserMistake
from chaos.lab.mutation.fault import Expectation, Fault, load_faults
from dashboards_as_code import boards, sources


@pytest.fixture(scope="module")
def panels() -> list[str]:
    built = boards.build(sources.load())
    return [f"{board.uid}: {panel.title}" for board in built for panel in board.panels()]


def test_there_are_faults_enough() -> None:
    assert len(load_faults()) >= 8


@pytest.mark.parametrize("fault", load_faults(), ids=lambda fault: fault.name)
def test_each_fault_is_one_for_chaos_toolkit_and_names_panels_that_there_are(fault: Fault, panels: list[str]) -> None:
    ensure_experiment_is_valid(fault.document)
    assert fault.expectation.move
    assert fault.expectation.unknown(panels) == []
    undo = {one["provider"]["func"] for one in fault.document["rollbacks"]}
    assert "undo_faults" in undo


def test_a_gameday_is_held_after_its_effect_is_confirmed() -> None:
    (fault,) = load_faults(["redis-hang"])
    first, second = fault.document["method"]
    assert (first["type"], second["type"]) == ("action", "probe")
    assert second["pauses"]["after"] > 0


def test_an_unknown_fault_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UserMistake, match=r"unknown fault 'flood'; expected one of: .*redis-hang"):
        load_faults(["flood"])


def test_a_pattern_that_names_no_panel_is_found() -> None:
    said = Expectation(("errors: *", "errors: Nothing"), ("*: Nobody",))
    assert said.unknown(["errors: Redis errors"]) == ["errors: Nothing", "*: Nobody"]
