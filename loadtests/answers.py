"""What an answer means for its request: good or not, to be sent again or not, which events it settled."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from loadtests.traffic import Event, Request


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: an HTTP status, or 0 and the reason why there was none."""

    status: int
    body: bytes = b""
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`ok` is the client's view of availability; `settled` says that no resend is needed.

    `refused` counts the request's events by the code they were refused with.
    """

    ok: bool
    settled: bool
    error: str | None = None
    acknowledged: tuple[Event, ...] = ()
    refused: Counter[str] = field(default_factory=Counter)


class _Outcome(msgspec.Struct):
    event_id: str
    status: Literal["accepted", "duplicate", "conflict", "rejected"]
    code: str | None = None


class _ReportAnswer(msgspec.Struct):
    results: list[_Outcome]


class _Problem(msgspec.Struct):
    code: str = "no code"


def judge(request: Request, answer: Answer) -> Verdict:
    """Weigh one answer; only usage reports are ever sent again."""
    if answer.status == 0:
        return _failure(request, answer.error or "no answer")
    if answer.status >= 500:
        return _failure(request, _problem_text(answer))
    if answer.status >= 400:
        text = _problem_text(answer)
        return Verdict(ok=True, settled=True, error=text, refused=Counter({text: len(request.events)}))
    if request.events:
        return _judge_report(request, answer)
    return Verdict(ok=True, settled=True)


def _judge_report(request: Request, answer: Answer) -> Verdict:
    try:
        results = msgspec.json.decode(answer.body, type=_ReportAnswer).results
    except msgspec.DecodeError as error:
        return _failure(request, f"{answer.status} without an outcome for each event: {error}")
    outcomes = {result.event_id: result for result in results}
    missing = [event.event_id for event in request.events if event.event_id not in outcomes]
    if missing:
        return _failure(request, f"{answer.status} without an outcome for each event: {missing[0]} is missing")
    return _settle(request.events, outcomes)


def _settle(events: tuple[Event, ...], outcomes: dict[str, _Outcome]) -> Verdict:
    taken = {"accepted", "duplicate"}
    acknowledged = tuple(event for event in events if outcomes[event.event_id].status in taken)
    refused = Counter(
        outcome.code or outcome.status
        for outcome in (outcomes[event.event_id] for event in events)
        if outcome.status not in taken
    )
    return Verdict(ok=True, settled=True, acknowledged=acknowledged, refused=refused)


def _failure(request: Request, error: str) -> Verdict:
    return Verdict(ok=False, settled=not request.events, error=error)


def _problem_text(answer: Answer) -> str:
    """Status and problem code, such as `503 ledger_unavailable`."""
    try:
        return f"{answer.status} {msgspec.json.decode(answer.body, type=_Problem).code}"
    except msgspec.DecodeError:
        return f"{answer.status} without a problem document"
