"""Whether a deploy may go ahead: an error-budget policy, as data, applied to where the SLOs stand."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from slo import document, shown, yamlfile
from slo.document import Problem
from slo.errors import DocumentError, SloError
from slo.model import Severity
from slo.standing import Standing

POLICIES = Path(__file__).parent / "budget_policies"


class Decision(StrEnum):
    """What may happen, best first."""

    PASS = "pass"  # noqa: S105 - no password
    WARN = "warn"
    EXCEPTED = "excepted"
    OVERRIDDEN = "overridden"
    BLOCK = "block"


@dataclass(frozen=True)
class Exemption:
    """An SLO that does not block until the end of a day (UTC), and who said so."""

    slo: str
    until: date
    reason: str
    approved_by: str


@dataclass(frozen=True)
class BudgetPolicy:
    """What each state of an SLO means for a deploy; ratios are shares of the error budget that are left."""

    name: str
    block_below: Decimal
    warn_below: Decimal
    burning: dict[Severity, Decision]
    no_data: Decision
    exceptions: tuple[Exemption, ...]


@dataclass(frozen=True)
class Judgement:
    """The decision about one SLO, with every reason for it."""

    standing: Standing
    decision: Decision
    reasons: tuple[str, ...]


def load(path: Path) -> BudgetPolicy:
    """The policy of a file; a DocumentError lists every problem."""
    documents = yamlfile.values(path)
    problems = [f"expected one document, got {len(documents)}"] if len(documents) != 1 else []
    problems += problems or map(str, _POLICY(documents[0], ""))
    if not problems and documents[0]["warn_below"] < documents[0]["block_below"]:
        problems.append("warn_below: expected at least block_below")
    if problems:
        raise DocumentError(f"{path}: {problem}" for problem in problems)
    return _policy(documents[0])


def judge(policy: BudgetPolicy, standings: list[Standing], today: date, override: str | None) -> list[Judgement]:
    """One judgement for each standing; an override turns a block into a pass that says so."""
    unknown = {one.slo for one in policy.exceptions} - {one.slo for one in standings}
    if unknown and standings:
        raise SloError(f"policy {policy.name}: exceptions: no SLO named {', '.join(sorted(unknown))} is judged here")
    return [_judge(policy, one, today, override) for one in standings]


def blocked(judgements: list[Judgement]) -> bool:
    """Whether the deploy has to wait."""
    return any(one.decision is Decision.BLOCK for one in judgements)


def _judge(policy: BudgetPolicy, standing: Standing, today: date, override: str | None) -> Judgement:
    findings = [*_findings(policy, standing)]
    reasons = tuple(reason for _, reason in findings) or ("budget and burn rates are fine",)
    decision = max((found for found, _ in findings), key=list(Decision).index, default=Decision.PASS)
    if decision is not Decision.BLOCK:
        return Judgement(standing, decision, reasons)
    notes = [*_exemptions(policy, standing.slo, today)]
    if any(valid for valid, _ in notes):
        decision = Decision.EXCEPTED
    elif override:
        decision = Decision.OVERRIDDEN
        notes.append((True, f"overridden: {override}"))
    return Judgement(standing, decision, (*reasons, *(note for _, note in notes)))


def _findings(policy: BudgetPolicy, one: Standing) -> Iterator[tuple[Decision, str]]:
    """What the policy has to say about this standing, in any order."""
    if one.telemetry != "present":
        yield policy.no_data, f"telemetry is {one.telemetry}: nobody can say whether the objective is kept"
    elif one.budget_remaining_ratio is None:
        yield policy.no_data, f"no error ratio over {one.period}"
    left = one.budget_remaining_ratio
    if left is not None and left < policy.block_below:
        yield (
            Decision.BLOCK,
            f"{shown.share(left)} of the error budget is left; below {shown.percent(policy.block_below)} blocks",
        )
    elif left is not None and left < policy.warn_below:
        yield (
            Decision.WARN,
            f"{shown.share(left)} of the error budget is left; below {shown.percent(policy.warn_below)} warns",
        )
    for severity, decision in policy.burning.items():
        for burn in one.burning(severity):
            rates = f"{burn.long_burn_rate:.3g} and {burn.short_burn_rate:.3g} times the even pace"
            yield decision, f"{severity} {burn.short}@{burn.long} is burning: {rates}, above {burn.threshold:g}"


def _exemptions(policy: BudgetPolicy, slo: str, today: date) -> Iterator[tuple[bool, str]]:
    for one in policy.exceptions:
        if one.slo == slo:
            valid = today <= one.until
            state = "until" if valid else "expired on"
            yield valid, f"exception {state} {one.until}, approved by {one.approved_by}: {one.reason}"


def _number(value: object, path: str) -> Iterator[Problem]:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value > 1:
        yield Problem(path, f"expected a share of the budget of at most 1, got {value!r}")


def _day(value: object, path: str) -> Iterator[Problem]:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        yield Problem(path, f"expected a day such as 2026-12-31, got {value!r}")
        return
    try:
        date.fromisoformat(value)
    except ValueError:
        yield Problem(path, f"expected a day of the calendar, got {value!r}")


def _exceptions(value: object, path: str) -> Iterator[Problem]:
    shape = document.mapping(
        {"slo": document.text, "until": _day, "reason": document.text, "approved_by": document.text}
    )
    if value != []:
        yield from document.sequence(shape)(value, path)


_ANSWER = document.one_of(*(str(one) for one in (Decision.PASS, Decision.WARN, Decision.BLOCK)))
_POLICY = document.mapping(
    {
        "policy": document.text,
        "source": document.text,
        "block_below": _number,
        "warn_below": _number,
        "burning": document.mapping({str(severity): _ANSWER for severity in Severity}),
        "no_data": _ANSWER,
    },
    {"exceptions": _exceptions},
)


def _policy(content: Any) -> BudgetPolicy:
    return BudgetPolicy(
        name=content["policy"],
        block_below=Decimal(content["block_below"]),
        warn_below=Decimal(content["warn_below"]),
        burning={Severity(severity): Decision(found) for severity, found in content["burning"].items()},
        no_data=Decision(content["no_data"]),
        exceptions=tuple(
            Exemption(**{**entry, "until": date.fromisoformat(entry["until"])})
            for entry in content.get("exceptions", [])
        ),
    )
