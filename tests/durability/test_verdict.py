"""The two judges, and the line that they end in."""

from collections import Counter

import pytest

from chaos.lab.durability.records import Event, Records
from chaos.lab.durability.verdict import Difference, Verdict, differences

PAIR = ("tenant", "sign_events")


@pytest.mark.parametrize(
    ("least", "billed", "most", "missing", "surplus"),
    [(5, 5, 5, 0, 0), (5, 6, 7, 0, 0), (5, 4, 7, 1, 0), (5, 8, 7, 0, 1), (5, 0, 5, 5, 0), (0, 3, 0, 0, 3)],
)
def test_billed_lies_between_the_acknowledged_and_the_possible(least, billed, most, missing, surplus):
    found = list(differences(Counter({PAIR: least}), Counter({PAIR: billed}), Counter({PAIR: most})))
    assert [(one.missing, one.surplus) for one in found] == ([(missing, surplus)] if missing or surplus else [])


def test_a_tenant_that_nobody_reported_for_is_a_surplus():
    assert list(differences({}, {PAIR: 2}, {})) == [Difference(*PAIR, 0, 2, 0)]


def _verdict(**changes):
    clean = {"acknowledged": 9, "lost": 0, "doubled": 0, "differences": (), "audit_clean": True, "conflicts": 0}
    return Verdict(**{**clean, **changes})


@pytest.mark.parametrize(
    "change",
    [
        {"acknowledged": 0},
        {"lost": 1},
        {"doubled": 1},
        {"differences": (Difference(*PAIR, 2, 1, 2),)},
        {"audit_clean": False},
        {"conflicts": 1},
    ],
)
def test_one_finding_of_either_judge_is_enough_to_fail(change):
    assert _verdict().holds
    assert not _verdict(**change).holds


def test_the_last_line_has_the_judge_who_found_more():
    verdict = _verdict(lost=1, differences=(Difference(*PAIR, 5, 2, 5), Difference("other", "sign_events", 1, 4, 2)))
    assert verdict.last_line(200, 50) == "acknowledged=9 lost=3 doubled=2 kills=200 power_losses=50"


def test_records_bound_what_may_be_billed(tmp_path):
    events = [Event("tenant", str(number), "sign_events", 10**number, "2026-11-23T00:00:00Z") for number in range(3)]
    records = Records(tmp_path, goal=1)
    records.reported(events)
    records.refused(events[:1])
    assert not records.enough.is_set()
    records.acknowledged(events[1:2])
    assert records.enough.is_set()
    assert (records.least(), records.most()) == (Counter({PAIR: 10}), Counter({PAIR: 110}))
    records.close()
