from importlib.resources import files

import pytest

from service.domain.lifecycle import LifecycleError, parse_lifecycle

TEXT = files("service.domain").joinpath("lifecycle.yaml").read_text("utf-8")


def problems(text):
    with pytest.raises(LifecycleError) as caught:
        parse_lifecycle(text)
    return caught.value.problems


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("status: trial\n", "status: trail\n", "standings.trial.status: expected trial or active or grace"),
        ("permits: [read]", "permits: [read, read]", "standings.canceled.permits: expected a list of report_usage"),
        ("overdue_days: 14", "overdue_days: 1", "rules: expected the longest overdue_days first, got [1, 3, 0]"),
        ("overdue_days: 14", "overdue_days: 14.5", "rules[3].overdue_days: expected a whole number from 0 to 365"),
        (
            "  - {standing: active}\n",
            "",
            "rules: expected a rule for every subscription without overdue_days, none dec",
        ),
        ("[trial], to: active", "[late], to: trial", "transitions: expected each once, got again: late to trial"),
        ("[trial], to: late", "[trial], to: late, why: x", "transitions[1].why: unknown field; expected one of to"),
        ("because: the subscription ended", "because:", "transitions[11].because: expected text, got nothing"),
        (
            "  - {from: [suspended], to: grace",
            "  - {from: [suspended], to: [grace]",
            "transitions[10].to: expected trial",
        ),
        ("dunning: late", "dunning: current", "standings.late: expected a status and a dunning level that no other"),
    ],
)
def test_a_mistake_is_named_with_its_place(old, new, problem):
    assert old in TEXT
    assert [each for each in problems(TEXT.replace(old, new)) if each.startswith(problem)]


def test_every_change_that_the_rules_can_yield_must_be_listed():
    lacking = TEXT.replace("{from: [late, grace, suspended], to: active", "{from: [late, grace], to: active")
    assert problems(lacking) == ("transitions: expected suspended to active, which the rules can yield; it is missing",)


def test_all_problems_come_at_once():
    broken = TEXT.replace("status: trial\n", "status: 1\n").replace("overdue_days: 3", "overdue_days: x")
    assert len(problems(broken)) >= 2


@pytest.mark.parametrize("text", ["", "[]", "standings: {", "rules: 1"])
def test_what_is_no_lifecycle_is_refused(text):
    assert problems(text)
