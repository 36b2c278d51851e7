from decimal import Decimal
from pathlib import Path

import pytest

from slo.errors import DocumentError
from slo.spec import SPECS, load_specs

GOOD = (SPECS / "api-availability.yaml").read_text()
SERVICE = GOOD.partition("---\n")[0]


def _problems(tmp_path: Path, *texts: str) -> list[str]:
    paths = [tmp_path / f"{name}.yaml" for name, _ in zip("abc", texts, strict=False)]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    with pytest.raises(DocumentError) as caught:
        load_specs(paths)
    return [problem.replace(f"{tmp_path}/", "") for problem in caught.value.problems]


def test_the_objective_is_the_decimal_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "api.yaml"
    path.write_text(GOOD.replace("0.999", "0.99900000000000000000001"))
    (slo,) = load_specs([path])
    assert slo.objective.target == Decimal("0.99900000000000000000001")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("target: 0.999", "target: 1", "spec.objectives[0].target: expected a number in (0, 1), got 1"),
        ("target: 0.999", "target: 99.9", "spec.objectives[0].target: expected a number in (0, 1), got 99.9"),
        ("target: 0.999", "target: 0.0", "spec.objectives[0].target: expected a number in (0, 1), got 0.0"),
        ("target: 0.999", 'target: "0.999"', "spec.objectives[0].target: expected a number, got '0.999'"),
        ("target: 0.999", "target: yes", "spec.objectives[0].target: expected a number, got True"),
        ("target: 0.999", "target: .nan", "expected a decimal number, got .nan"),
        ("target: 0.999", "target: 0.999\n      target: 0.9", "repeated key 'target'"),
        (
            "target: 0.999",
            "targetPercentage: 99.9",
            "spec.objectives[0].targetPercentage: unknown field; expected one of compositeWeight, displayName",
        ),
        (
            "target: 0.999",
            "target: 0.999\n      targetPercent: 99.9",
            "spec.objectives[0]: expected either target or targetPercent",
        ),
        (
            "target: 0.999",
            "target: 0.999\n      compositeWeight: 2",
            "spec.objectives[0].compositeWeight: composite SLOs are not supported; write an SLO for each part",
        ),
        (
            "target: 0.999",
            "target: 0.999\n      op: lte",
            "spec.objectives[0].op: expected with a thresholdMetric only",
        ),
        (
            "target: 0.999",
            "target: 0.999\n      timeSliceWindow: 5m",
            "spec.objectives[0].timeSliceWindow: expected with another budgetingMethod than Occurrences only",
        ),
        (
            "duration: 30d",
            "duration: 1month",
            "spec.timeWindow[0].duration: expected a duration such as 5m, 6h or 30d, got '1month'",
        ),
        ("duration: 30d", "duration: 30", "spec.timeWindow[0].duration: expected text, got 30"),
        (
            "isRolling: true",
            "isRolling: false",
            "spec.timeWindow[0].isRolling: expected true, or a calendar with startTime and timeZone",
        ),
        (
            "budgetingMethod: Occurrences",
            "budgetingMethod: Minutes",
            "spec.budgetingMethod: expected 'Occurrences' or 'Timeslices' or 'RatioTimeslices', got 'Minutes'",
        ),
        ("  budgetingMethod: Occurrences\n", "", "spec.budgetingMethod: missing"),
        (
            "  service: billing",
            "  service: other",
            "spec.service: expected a Service document named 'other'",
        ),
        (
            "name: api-availability",
            "name: API availability",
            "metadata.name: expected a lower-case name such as api-availability, got 'API availability'",
        ),
        ("kind: SLO", "kind: Slo", "kind: expected 'Service' or 'SLO' or 'SLI' or 'AlertPolicy'"),
        (
            "kind: SLO",
            "kind: SLO\nalerts: off",
            "alerts: unknown field; expected one of apiVersion, kind, metadata, spec",
        ),
        (
            'bad"}',
            'bad"}[5m]',
            "spec.indicator.spec.ratioMetric.bad.metricSource.spec.query: expected a counter selector such as",
        ),
        (
            '="bad"',
            '=~"5[0-9"',
            "spec.indicator.spec.ratioMetric.bad.metricSource.spec.query: expected a regular expression",
        ),
        (
            "    - alertPolicyRef: seed",
            "    - seed",
            "spec.alertPolicies[0]: expected a mapping, got 'seed'",
        ),
        ("objectives:", "objectives: [", "did not find expected node content"),
    ],
)
def test_malformed(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert old in GOOD
    found, *others = _problems(tmp_path, GOOD.replace(old, new))
    file, line, said = found.split(":", 2)
    assert (file, said.strip()[: len(problem)]) == ("a.yaml", problem)
    assert 1 <= int(line) <= len(GOOD.splitlines()) + 1
    assert all(other.endswith(": missing") for other in others)


def test_all_problems_of_all_files_at_once(tmp_path: Path) -> None:
    first = GOOD.replace("0.999", "2").replace("30d", "soon").replace("counter: true", "counter: maybe")
    second = GOOD.replace("api-availability", "other").replace("target: 0.999", "target: 0.9")
    assert _problems(tmp_path, first, "kind: [", second) == [
        "b.yaml:2: did not find expected node content",
        "a.yaml:26: spec.indicator.spec.ratioMetric.counter: expected true or false, got 'maybe'",
        "a.yaml:40: spec.timeWindow[0].duration: expected a duration such as 5m, 6h or 30d, got 'soon'",
        "a.yaml:44: spec.objectives[0].target: expected a number in (0, 1), got 2",
        "c.yaml:6: metadata.name: 'billing' is taken by a.yaml:6",
    ]


def test_names_are_unique_over_all_files(tmp_path: Path) -> None:
    assert _problems(tmp_path, GOOD, GOOD.removeprefix(SERVICE)) == [
        "b.yaml:5: metadata.name: 'api-availability' is taken by a.yaml:14",
        "b.yaml:35: spec.objectives[0]: 'api-availability' is taken by a.yaml:44",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "a.yaml:1: expected an OpenSLO or a Sloth document, got an empty file"),
        ("[]", "a.yaml:1: document: expected a mapping, got []"),
        ("\x00", "control characters are not allowed"),
    ],
)
def test_not_a_spec(tmp_path: Path, text: str, problem: str) -> None:
    (found,) = _problems(tmp_path, text)
    assert problem in found


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"none\.yaml: No such file or directory"):
        load_specs([tmp_path / "none.yaml"])
