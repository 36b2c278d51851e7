"""`slo generate`: Prometheus rules and their promtool tests."""

import argparse
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from slo import output
from slo.commands import arguments
from slo.errors import SloError
from slo.guarded import load_guarded
from slo.wrapping import FORMATS


def configure(parser: argparse.ArgumentParser) -> None:
    """Which documents, where to, and at which scale."""
    arguments.add_files(parser)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is stale")
    parser.add_argument("--rules-only", action="store_true", help="without the promtool tests")
    parser.add_argument(
        "--format", choices=list(FORMATS), default="prometheus", help="of the rules; default: %(default)s"
    )
    arguments.add_scale(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: slo/generated")


def run(options: argparse.Namespace) -> int:
    """Write the files, or with --check compare them: 1 where one is stale."""
    if options.scale != 1 and options.out is None:
        raise SloError(f"--scale {options.scale}: expected --out DIR as well; {output.GENERATED} holds scale 1")
    if options.rules_only and options.out is None:
        raise SloError(f"--rules-only: expected --out DIR as well; {output.GENERATED} holds the tests, too")
    if options.format != "prometheus" and options.out is None:
        raise SloError(f"--format {options.format}: expected --out DIR as well; {output.GENERATED} is for Prometheus")
    directory = options.out or output.GENERATED
    with _unswept():
        guarded = load_guarded(arguments.specs(options))
        files = output.generate(guarded, options.scale, tests=not options.rules_only, wanted=options.format)
    if options.check:
        problems = output.stale(directory, files, complete=not options.files)
        for problem in problems:
            print(f"slo generate --check: {problem}", file=sys.stderr)
        return 1 if problems else 0
    output.write(directory, files)
    for name in files:
        print(directory / name)
    return 0


@contextmanager
def _unswept() -> Iterator[None]:
    """No search for cycles meanwhile: what is read and made is held to the end, and a search goes through all of it."""
    swept = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if swept:
            gc.enable()
