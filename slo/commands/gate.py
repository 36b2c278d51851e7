"""`slo gate`: may this deploy go ahead? Exit 0 for yes, 1 for no, 2 where the question could not be asked."""

import argparse
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from slo import audit_record, gate
from slo.commands import arguments, live
from slo.gate import Judgement
from slo.guarded import load_guarded
from slo.standing import standings

AUDIT = Path("var/slo-gate.jsonl")


def configure(parser: argparse.ArgumentParser) -> None:
    """Which documents, which Prometheus, which policy, and who asks."""
    live.add_prometheus(parser)
    live.add_at(parser)
    arguments.add_output(parser)
    parser.add_argument(
        "--policy", type=Path, default=gate.POLICIES / "default.yaml", metavar="FILE", help="default: %(default)s"
    )
    parser.add_argument("--override", type=_reason, metavar="REASON", help="pass in spite of a block, on the record")
    parser.add_argument("--audit", type=Path, default=AUDIT, metavar="FILE", help="default: %(default)s")
    parser.add_argument("--who", metavar="NAME", help="default: the CI's user, or this machine's")
    parser.add_argument("--commit", metavar="SHA", help="default: the CI's commit, or that of this directory")


def run(options: argparse.Namespace) -> int:
    """Judge, record, print; 1 where the deploy is blocked."""
    policy = gate.load(options.policy)
    moment = live.moment(options)
    now = datetime.fromtimestamp(moment.at, UTC)
    found = standings(load_guarded(arguments.specs(options)), moment)
    judgements = gate.judge(policy, found, now.date(), options.override)
    record = _record(options, policy.name, judgements)
    audit_record.append(options.audit, record)
    print(json.dumps(record, indent=2) if options.output == "json" else _text(record))
    return 1 if gate.blocked(judgements) else 0


def _record(options: argparse.Namespace, policy: str, judgements: list[Judgement]) -> dict[str, Any]:
    worst = max((one.decision for one in judgements), key=list(gate.Decision).index)
    return {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "who": options.who or audit_record.person(os.environ),
        "commit": options.commit or audit_record.commit(os.environ),
        "policy": policy,
        "decision": worst,
        "override": options.override,
        "slos": [_row(one) for one in judgements],
    }


def _row(one: Judgement) -> dict[str, Any]:
    standing = one.standing
    return {
        "slo": standing.slo,
        "group": standing.group,
        "decision": one.decision,
        "sli_ratio": standing.sli_ratio,
        "budget_remaining_ratio": standing.budget_remaining_ratio,
        "telemetry": standing.telemetry,
        "reasons": list(one.reasons),
    }


def _text(record: dict[str, Any]) -> str:
    lines = [f"{one['decision']:10} {_name(one)}: {'; '.join(one['reasons'])}" for one in record["slos"]]
    blocking = sum(one["decision"] == gate.Decision.BLOCK for one in record["slos"])
    commit = (record["commit"] or "no commit")[:12]
    return "\n".join([*lines, f"decision={record['decision']} blocking={blocking} commit={commit} who={record['who']}"])


def _name(row: dict[str, Any]) -> str:
    return f"{row['slo']} {{{row['group']}}}" if row["group"] else str(row["slo"])


def _reason(text: str) -> str:
    if len(text.strip()) < 10:
        raise argparse.ArgumentTypeError("expected a reason that says why, in ten letters or more")
    return text.strip()
