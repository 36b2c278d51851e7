"""`slo generate`: Prometheus rules and their promtool tests."""

import argparse
import sys
from pathlib import Path

from slo import output
from slo.commands import arguments
from slo.errors import SloError
from slo.guarded import load_guarded


def configure(parser: argparse.ArgumentParser) -> None:
    """Which documents, where to, and at which scale."""
    arguments.add_files(parser)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is stale")
    parser.add_argument("--rules-only", action="store_true", help="without the promtool tests")
    arguments.add_scale(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: slo/generated")


def run(options: argparse.Namespace) -> int:
    """Write the files, or with --check compare them: 1 where one is stale."""
    if options.scale != 1 and options.out is None:
        raise SloError(f"--scale {options.scale}: expected --out DIR as well; {output.GENERATED} holds scale 1")
    if options.rules_only and options.out is None:
        raise SloError(f"--rules-only: expected --out DIR as well; {output.GENERATED} holds the tests, too")
    directory = options.out or output.GENERATED
    files = output.generate(load_guarded(arguments.specs(options)), options.scale, tests=not options.rules_only)
    if options.check:
        problems = output.stale(directory, files, complete=not options.files)
        for problem in problems:
            print(f"slo generate --check: {problem}", file=sys.stderr)
        return 1 if problems else 0
    output.write(directory, files)
    for name in files:
        print(directory / name)
    return 0
