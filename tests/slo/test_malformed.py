"""A hundred malformed documents: each is refused with the path and the line of what is wrong, none with a traceback."""

import copy
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from slo.__main__ import main
from slo.spec import SPECS

DOCUMENTS = Path(__file__).parent / "documents"
GOOD = [*sorted(DOCUMENTS.glob("*.yaml")), SPECS / "api-availability.yaml"]
FREE = ("labels", "annotations", "connectionDetails")
MUTATIONS = 100

Steps = tuple[str | int, ...]


def _walk(value: Any, steps: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    yield steps, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in items:
        yield from _walk(entry, (*steps, key))


def _path(steps: Steps) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".")


def _at(value: Any, steps: Steps) -> Any:
    for step in steps:
        value = value[step]
    return value


def _mutated(documents: list[Any], number: int) -> tuple[list[Any], str, str]:
    """The documents with one thing wrong, the path to it, and what has to stand in its line."""
    dice = random.Random(number)
    changed = copy.deepcopy(documents)
    document = dice.choice(changed)
    places = [(steps, value) for steps, value in _walk(document) if steps and not set(steps) & set(FREE)]
    if number % 2:
        steps, value = dice.choice([place for place in places if isinstance(place[1], dict) and place[0][-1] != "spec"])
        value["bogus"] = 7
        return changed, _path((*steps, "bogus")), "bogus: 7"
    steps, value = dice.choice(places)
    _at(document, steps[:-1])[steps[-1]] = [[7]] if not isinstance(value, list) else {"bogus": 7}
    return changed, _path(steps), f"{next(step for step in reversed(steps) if isinstance(step, str))}:"


def _lines(text: str, document: int) -> range:
    """The lines of one of the documents of a file."""
    lines = text.splitlines()
    ends = [0, *(number for number, line in enumerate(lines, start=1) if line == "---"), len(lines)]
    return range(ends[document] + 1, ends[document + 1] + 1)


@pytest.mark.parametrize("number", range(MUTATIONS))
def test_a_mutated_document_is_refused_with_its_path(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    source = GOOD[number % len(GOOD)]
    original = list(yaml.safe_load_all(source.read_text()))
    documents, path, marked = _mutated(original, number)
    file = tmp_path / "mutated.yaml"
    file.write_text(yaml.safe_dump_all(documents))
    assert main(["check", str(file)]) == 2
    told = capsys.readouterr().err.splitlines()
    found = [re.fullmatch(r"slo check: \S*mutated\.yaml:(\d+): (\S+): (.+)", line) for line in told]
    assert all(found), told
    about = [one for one in found if one and (one[2] == path or one[2].startswith((f"{path}.", f"{path}[")))]
    assert about, (path, told)
    text, line = file.read_text(), int(about[0][1])
    changed = next(at for at, pair in enumerate(zip(documents, original, strict=True)) if pair[0] != pair[1])
    assert line in _lines(text, changed)
    # A value that is not plain may begin on the line below its key.
    around = text.splitlines()[line - 1 - (number % 2 == 0) : line]
    assert any(marked in one for one in around), (marked, line, text)


@pytest.mark.parametrize("source", GOOD, ids=lambda path: path.stem)
def test_the_documents_themselves_are_right(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(source)]) == 0, capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("kinds", "target: 0.95}", "target: 0.9}", "spec.objectives[0]: slo raw, policy default: pair 5m@1h"),
        ("kinds", "'requests_total'", "'sum(rate('", "query: expected PromQL: "),
        ("kinds", "timeZone: Europe/Berlin", "timeZone: Europe/Bonn", "timeZone: expected an IANA time zone"),
        ("kinds", "00:00:00, t", "00:00, t", ""),
        ("kinds", "2026-01-01", "2001-01-01", "calendar.startTime: expected a start of the last nine years, such as"),
        ("kinds", 'slo/group-by: "tier"', "slo/part-may-exceed-total: maybe", 'expected "true" or "false" in quotes'),
        (
            "kinds",
            "name: good-total",
            "labels: {team: a, severity: b}\n  name: good-total",
            "metadata.labels.severity: exp",
        ),
        (
            "kinds",
            "name: good-total",
            "labels: {slo: a}\n  name: good-total",
            "metadata.labels.slo: expected a label that",
        ),
        (
            "kinds",
            "name: good-total",
            "labels: {tier: a}\n  name: good-total",
            "metadata.labels.tier: expected another",
        ),
        (
            "kinds",
            "name: good-total",
            "labels: {1st-team: a}\n  name: good-total",
            "metadata.labels.1st-team: expected a Pr",
        ),
        (
            "kinds",
            "name: good-total",
            "labels: {team.a: x, team-a: y}\n  name: good-total",
            "'team_a' is set by team.a",
        ),
        (
            "kinds",
            "name: own",
            "name: none",
            "alertPolicies[0].metadata.name: expected another name, 'none' stands for",
        ),
        (
            "kinds",
            "timeSliceWindow: 1}",
            "timeSliceWindow: 0.01}",
            "timeSliceWindow: expected minutes that are whole seco",
        ),
        ("kinds", "timeSliceWindow: 1}", "timeSliceWindow: 1441}", "timeSliceWindow: expected a number in (0, 1440]"),
        ("kinds", "counter: true", "counter: !!bool maybe", "expected true or false, got maybe"),
        ("kinds", "timeSliceWindow: 1}", "timeSliceWindow: !!int .inf}", "expected a decimal number, got .inf"),
        ("kinds", "timeSliceWindow: 1}", "timeSliceWindow: !!int inf}", "expected a whole number, got inf"),
        (
            "kinds",
            "value: 1, displayName: slow",
            "value: 1, displayName: '1'}, {target: 0.9, op: lt, value: 2, displayName: '1'",
            "spec.objectives[2]: 'latency-1' is taken by",
        ),
        ("parts", "op: gt,", "op: gte,", "spec.condition.op: expected 'gt', got 'gte'"),
        (
            "parts",
            "name: parts-policy",
            "name: none",
            "metadata.name: expected another name, 'none' stands for no policy",
        ),
        ("kinds", "duration: 1M", "duration: 1w", "duration: expected months, quarters or years"),
        ("kinds", 'slo/group-by: "tier"', 'slo/group-by: "slo"', "expected a label that the engine does not set"),
        ("kinds", "slo/minimum-events", "slo/minimal-events", "unknown annotation; expected one of slo/alerting"),
        ("kinds", "short-window: 10m", "short-window: 2h", "slo/short-window: expected less than 2h, got 2h"),
        ("parts", "conditionRef: fast", "conditionRef: slow", "expected an AlertCondition document named 'slow'"),
        ("parts", "targetRef: OnCallMail", "targetRef: Nobody", "AlertNotificationTarget document named 'Nobody'"),
        ("parts", "indicatorRef: parts-ratio", "indicatorRef: other", "expected an SLI document named 'other'"),
        (
            "parts",
            "metricSourceRef: metrics",
            "metricSourceRef: other",
            "expected a DataSource document named 'other'",
        ),
        ("parts", "type: Prometheus", "type: Datadog", "spec.type: expected 'Prometheus', got 'Datadog'"),
        ("parts", "timeSliceTarget: 0.95, ", "", "timeSliceTarget: missing with budgetingMethod Timeslices"),
        ("sloth", "objective: 99.9", "objective: 100", "slos[0].objective: expected a number in (0, 100), got 100"),
        ("sloth", "[{{.window}}]))", "[5m]))", "expected an expression with {{.window}} where its range belongs"),
        ("sloth", "name: signal", "name: requests", "slos[1].name: 'requests' is taken by another SLO"),
        ("sloth", "      raw:", "      plugin: {id: x}\n      raw:", "Sloth's plugins are not supported"),
    ],
)
def test_what_does_not_fit_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, old: str, new: str, problem: str
) -> None:
    text = (DOCUMENTS / f"{file}.yaml").read_text()
    assert old in text
    path = tmp_path / "wrong.yaml"
    path.write_text(text.replace(old, new, 1))
    assert main(["check", str(path)]) == (2 if problem else 0)
    told = capsys.readouterr().err
    assert problem in told
    line = text[: text.index(old)].count("\n") + 1
    assert not problem or f"wrong.yaml:{line}: " in told, told
