"""What the shifts say of a fault."""

from chaos.lab.mutation.episode import CALM_SECONDS, Episode
from chaos.lab.mutation.fault import Expectation, Fault
from chaos.lab.mutation.judgement import judge
from chaos.lab.mutation.readings import Reading
from chaos.lab.mutation.shift import THRESHOLD

FIRST, SECOND = Episode("first", 100, 120), Episode("second", 160, 180)
assert CALM_SECONDS < 40


def fault(name: str, *move: str, may: tuple[str, ...] = ()) -> Fault:
    return Fault(name, name, {}, Expectation(move, may))


def reading(panel: str, *moving: Episode) -> Reading:
    within = {at for one in moving for at in range(int(one.began), int(one.ended) + 1)}
    return Reading(panel, ({float(at): 9.0 if at in within else 1.0 for at in range(60, 200)},))


def test_a_fault_is_seen_if_every_panel_that_it_names_moves() -> None:
    readings = [reading("a: one", FIRST), reading("a: two", FIRST), reading("b: one")]
    (found,) = judge([fault("first", "a: *")], [FIRST], readings, 5)
    assert found.is_seen
    assert set(found.expected) == {"a: one", "a: two"}
    assert min(found.expected.values()) > THRESHOLD
    assert (found.false, found.resting) == ({}, 1)


def test_one_panel_that_stays_still_is_a_fault_unseen() -> None:
    (found,) = judge([fault("first", "a: *")], [FIRST], [reading("a: one", FIRST), reading("a: two")], 5)
    assert not found.is_seen
    assert found.unseen == ["a: two"]


def test_a_panel_that_nobody_named_and_moves_is_false_but_where_it_may() -> None:
    readings = [reading("a: one", FIRST), reading("b: one", FIRST), reading("b: two", FIRST)]
    (found,) = judge([fault("first", "a: one", may=("b: two",))], [FIRST], readings, 5)
    assert list(found.false) == ["b: one"]
    assert found.resting == 1


def test_what_an_earlier_fault_moved_is_not_judged_as_resting_but_as_expected() -> None:
    readings = [reading("a: one", FIRST, SECOND), reading("a: two", FIRST, SECOND), reading("c: one")]
    faults = [fault("first", "a: *"), fault("second", "a: two")]
    first, second = judge(faults, [FIRST, SECOND], readings, 5)
    assert first.is_seen
    assert second.is_seen
    assert (second.false, second.resting) == ({}, 1)
