"""Which fault a board is shown with."""

from chaos.lab.mutation.fault import Expectation, Fault
from chaos.lab.mutation.pages import most_concerned

FAULTS = [
    Fault("small", "", {}, Expectation(("a: one",), ())),
    Fault("large", "", {}, Expectation(("a: *",), ())),
    Fault("last", "", {}, Expectation(("c: *",), ("b: *",))),
]


def board(uid: str) -> dict[str, object]:
    panels = [{"type": "row", "title": "Row"}, *({"type": "stat", "title": title} for title in ("one", "two"))]
    return {"uid": uid, "panels": panels}


def test_a_board_is_shown_with_the_fault_that_moves_most_of_it() -> None:
    assert most_concerned(board("a"), FAULTS) == 1


def test_a_board_that_no_fault_is_to_move_is_shown_with_the_last_one() -> None:
    assert most_concerned(board("b"), FAULTS) == 2
