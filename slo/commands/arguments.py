"""Arguments that several commands share, and the words for what is wrong with one."""

import argparse
from decimal import Decimal, InvalidOperation
from pathlib import Path

from slo.model import LARGEST_SCALE
from slo.spec import SPECS


def add_files(parser: argparse.ArgumentParser) -> None:
    """The documents to read; without one, those of this project."""
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="default: slo/specs/*.yaml")


def add_output(parser: argparse.ArgumentParser) -> None:
    """How the answer is written."""
    parser.add_argument("--output", choices=("table", "json"), default="table", help="default: %(default)s")


def add_scale(parser: argparse.ArgumentParser) -> None:
    """How much faster time runs."""
    parser.add_argument(
        "--scale", type=scale, default=1, metavar="K", help=f"every window lasts 1/K of its name (1..{LARGEST_SCALE})"
    )


def specs(options: argparse.Namespace) -> list[Path]:
    """The files that were named, or those of this project."""
    return options.files or sorted(SPECS.glob("*.yaml"))


def scale(text: str) -> int:
    """A whole number from 1 to the largest scale."""
    if not text.isdecimal() or not 1 <= int(text) <= LARGEST_SCALE:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to {LARGEST_SCALE}, got {text!r}")
    return int(text)


def ratio(text: str) -> Decimal:
    """A number in (0, 1]."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not (number.is_finite() and 0 < number <= 1):
        raise argparse.ArgumentTypeError(f"expected a number in (0, 1], got {text!r}")
    return number


def positive(text: str) -> Decimal:
    """A number above 0."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not (number.is_finite() and number > 0):
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return number
