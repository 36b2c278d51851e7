"""The command `slo`: check the specs, generate the rules, predict the alerts."""

import argparse
import sys
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NoReturn

from slo import forecast, output
from slo.errors import SloError
from slo.guarded import load_guarded
from slo.model import LARGEST_SCALE
from slo.spec import SPECS

_RATIOS = (Decimal(1), Decimal("0.1"), Decimal("0.01"))


class _Parser(argparse.ArgumentParser):
    """An ArgumentParser that reports a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 for done, 1 for stale files, 2 for a mistake in the input."""
    options = _parser().parse_args(arguments)
    commands = {"check": _check, "generate": _generate, "predict": _predict}
    try:
        return commands[options.command](options)
    except SloError as error:
        for problem in error.problems:
            print(f"slo {options.command}: {problem}", file=sys.stderr)
        return 2


def _check(options: argparse.Namespace) -> int:
    for entry in load_guarded(_specs(options)):
        slo, policy = entry.slo, entry.policy
        pairs = ", ".join(pair.name for pair in policy.pairs)
        print(f"{slo.name}: {slo.objective.target} over {slo.objective.period}, policy {policy.name} ({pairs})")
    return 0


def _generate(options: argparse.Namespace) -> int:
    if options.scale != 1 and options.out is None:
        raise SloError(f"--scale {options.scale}: expected --out DIR as well; {output.GENERATED} holds scale 1")
    directory = options.out or output.GENERATED
    files = output.generate(load_guarded(_specs(options)), options.scale)
    if options.check:
        problems = output.stale(directory, files, complete=not options.files)
        for problem in problems:
            print(f"slo generate --check: {problem}", file=sys.stderr)
        return 1 if problems else 0
    output.write(directory, files)
    for name in files:
        print(directory / name)
    return 0


def _predict(options: argparse.Namespace) -> int:
    rows = forecast.predictions(load_guarded(_specs(options)), options.error_ratio or _RATIOS)
    print(forecast.to_json(rows) if options.output == "json" else forecast.to_table(rows))
    return 0


def _specs(options: argparse.Namespace) -> list[Path]:
    return options.files or sorted(SPECS.glob("*.yaml"))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="slo", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="check specs and policies")
    generate = commands.add_parser("generate", help="write Prometheus rules and their promtool tests")
    generate.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is stale")
    generate.add_argument("--scale", type=_scale, default=1, help="divide every window and interval by this (1..30)")
    generate.add_argument("--out", type=Path, metavar="DIR", help="default: slo/generated")
    predict = commands.add_parser("predict", help="when each pair fires and resets")
    predict.add_argument(
        "--error-ratio", type=_ratio, action="extend", nargs="+", metavar="R", help="default: 1 0.1 0.01"
    )
    predict.add_argument("--output", choices=("table", "json"), default="table")
    for command in (check, generate, predict):
        command.add_argument("files", nargs="*", type=Path, metavar="FILE", help="default: slo/specs/*.yaml")
    return parser


def _scale(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= LARGEST_SCALE:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to {LARGEST_SCALE}, got {text!r}")
    return int(text)


def _ratio(text: str) -> Decimal:
    try:
        ratio = Decimal(text)
    except InvalidOperation:
        ratio = Decimal("NaN")
    if not (ratio.is_finite() and 0 < ratio <= 1):
        raise argparse.ArgumentTypeError(f"expected a number in (0, 1], got {text!r}")
    return ratio


if __name__ == "__main__":
    sys.exit(main())
