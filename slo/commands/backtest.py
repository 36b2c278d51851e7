"""`slo backtest`: a proposed SLO or policy over stored history."""

import argparse
import json
import sys
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from slo import shown
from slo.backtest import incidents
from slo.backtest.firings import Notice
from slo.backtest.outcome import Outcome, outcomes
from slo.backtest.ratios import past
from slo.commands import arguments, live
from slo.errors import SloError
from slo.guarded import Guarded, load_guarded
from slo.model import Policy
from slo.policy import POLICIES, load_policy, policy_of

_STEP_SECONDS = 60


def configure(parser: argparse.ArgumentParser) -> None:
    """Which documents and policies, over which history, against which incidents."""
    live.add_prometheus(parser)
    arguments.add_output(parser)
    parser.add_argument(
        "--policy",
        action="append",
        metavar="P",
        help="a name in slo/policies or a file; several are compared; default: the documents'",
    )
    parser.add_argument("--from", dest="start", type=live.instant, metavar="TIME", help="default: a period before --to")
    parser.add_argument("--to", dest="end", type=live.instant, metavar="TIME", help="default: now")
    parser.add_argument("--step", type=_step, metavar="SECONDS", help=f"default: {_STEP_SECONDS}, divided by the scale")
    parser.add_argument("--incidents", type=Path, metavar="FILE", help="YAML list of {name, from, to}")


def run(options: argparse.Namespace) -> int:
    """Print what each policy would have done; 0 whatever that was."""
    documents = load_guarded(arguments.specs(options))
    candidates = [_under(documents, policy) for policy in map(_policy, options.policy or [])] or [documents]
    labelled = incidents.load(options.incidents) if options.incidents else None
    prometheus = live.prometheus(options)
    end = options.end or prometheus.now()
    period = max(entry.slo.objective.period.seconds for entry in documents) / options.scale
    start = options.start or end - period
    if start >= end:
        raise SloError("--from: expected a time before --to")
    read = past(prometheus, start, end, options.step or _STEP_SECONDS / options.scale, options.scale)
    found = outcomes(candidates, read, labelled, _said)
    print(_json(found) if options.output == "json" else _text(found))
    return 0


def _policy(name: str) -> Policy:
    path = Path(name)
    return load_policy(path.stem, path.parent) if path.suffix == ".yaml" else load_policy(name, POLICIES)


def _under(documents: list[Guarded], policy: Policy) -> list[Guarded]:
    """The SLOs, guarded by another policy than their own."""
    proposed = (replace(entry.slo, policy=policy.name, own=(policy,)) for entry in documents)
    return [Guarded(slo, policy_of(slo)) for slo in proposed]


def _said(text: str) -> None:
    """Progress, which a pipe does not see."""
    print(f"slo backtest: {text}", file=sys.stderr)


def _json(found: list[Outcome]) -> str:
    return json.dumps([asdict(one) for one in found], indent=2)


def _text(found: list[Outcome]) -> str:
    return "\n\n".join([_comparison(found), *(_notices(one) for one in found)])


def _comparison(found: list[Outcome]) -> str:
    """A row for each figure, a column for each policy."""
    columns = [_figures(one) for one in found]
    headings = ("", *(one.policy for one in found))
    return shown.table(headings, [(name, *(column[name] for column in columns)) for name in columns[0]])


def _figures(one: Outcome) -> dict[str, str]:
    figures = {"pages": _count(one, "page"), "tickets": _count(one, "ticket")}
    for severity, score in one.scores.items():
        figures[f"{severity}: precision"] = _of(score.precision_ratio, score.true_notices, score.notices)
        figures[f"{severity}: recall"] = _of(score.recall_ratio, score.detected, score.incidents)
    for detection in one.scores["any"].detections if one.scores else ():
        figures[f"detected: {detection.name}"] = shown.brief(detection.seconds)
    cost = one.cost
    derived = f", {cost.derived_samples} of them derived" if cost.derived_samples else ""
    return {
        **figures,
        "rules": str(cost.rules),
        "recorded series": str(cost.series),
        "samples an evaluation": f"{cost.samples}{derived}",
        "samples a second": f"{cost.samples_a_second:g}",
    }


def _count(one: Outcome, severity: str) -> str:
    return str(sum(notice.severity == severity for notice in one.notices))


def _of(ratio: float | None, part: int, whole: int) -> str:
    return "nothing to judge" if ratio is None else f"{ratio:.0%} ({part} of {whole})"


def _notices(one: Outcome) -> str:
    if not one.notices:
        return f"policy {one.policy}: no alert"
    rows = [_row(notice) for notice in one.notices]
    return f"policy {one.policy}\n" + shown.table(("SLO", "severity", "fired", "until", "for", "pairs"), rows)


def _row(notice: Notice) -> tuple[str, ...]:
    start, end = (f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}" for at in (notice.start, notice.end))
    length = shown.brief(notice.end - notice.start)
    return notice.slo, notice.severity, start, end, length, " ".join(notice.pairs)


def _step(text: str) -> float:
    try:
        seconds: Any = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 3_600:
        raise argparse.ArgumentTypeError(f"expected seconds from 0.1 to 3600, got {text!r}")
    return float(seconds)
