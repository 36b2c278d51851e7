"""`slo check`: are the specs and policies sound?"""

import argparse
import json

from slo.commands import arguments
from slo.guarded import Guarded, load_guarded


def configure(parser: argparse.ArgumentParser) -> None:
    """Which documents, and how to write the answer."""
    arguments.add_files(parser)
    arguments.add_output(parser)


def run(options: argparse.Namespace) -> int:
    """List what was found; a problem is a SloError."""
    found = load_guarded(arguments.specs(options))
    print(json.dumps([_row(entry) for entry in found], indent=2) if options.output == "json" else _lines(found))
    return 0


def _lines(found: list[Guarded]) -> str:
    return "\n".join(_line(entry) for entry in found)


def _line(entry: Guarded) -> str:
    slo, policy = entry.slo, entry.policy
    pairs = ", ".join(pair.name for pair in policy.pairs)
    return f"{slo.name}: {slo.objective.target} over {slo.objective.period}, policy {policy.name} ({pairs})"


def _row(entry: Guarded) -> dict[str, object]:
    slo, policy = entry.slo, entry.policy
    return {
        "slo": slo.name,
        "objective": float(slo.objective.target),
        "period": slo.objective.period.text,
        "policy": policy.name,
        "pairs": [pair.name for pair in policy.pairs],
    }
