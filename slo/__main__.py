"""The command `slo`: from OpenSLO documents to rules, and from a running Prometheus to judgements."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from slo.errors import SloError

# Only the module of the command that was asked for is loaded: drawing and talking to Prometheus take longer to import
# than most commands take.
COMMANDS = {
    "check": ("slo.commands.check", "check specs and policies"),
    "generate": ("slo.commands.generate", "write Prometheus rules and their promtool tests"),
    "import": ("slo.commands.convert", "turn Sloth's documents into OpenSLO"),
    "predict": ("slo.commands.predict", "when each pair fires and resets"),
    "status": ("slo.commands.status", "where each SLO stands now, by a running Prometheus"),
    "gate": ("slo.commands.gate", "may a deploy go ahead, by the error budget? exit 1 for no"),
    "report": ("slo.commands.report", "how the SLOs fared over a month or a quarter, as HTML and Markdown"),
    "backtest": ("slo.commands.backtest", "when a proposed SLO or policy would have alerted in the past"),
    "drift": ("slo.commands.drift", "what runs against the specs; exit 1 where they differ"),
}
# What a shell says of a program that SIGPIPE ended.
_NO_READER = 141


class _Parser(argparse.ArgumentParser):
    """An ArgumentParser that reports a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 for done, 1 for a judgement against what it looked at, 2 for a mistake in the input."""
    given = sys.argv[1:] if arguments is None else arguments
    options = _parser(given[:1]).parse_args(given)
    try:
        code = int(options.run(options))
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader has gone, as `head` does: that is neither a verdict nor a mistake.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _NO_READER
    except SloError as error:
        for problem in error.problems:
            print(f"slo {options.command}: {problem}", file=sys.stderr)
        return 2


def _parser(asked: Sequence[str]) -> argparse.ArgumentParser:
    parser = _Parser(prog="slo", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (place, purpose) in COMMANDS.items():
        command = commands.add_parser(name, help=purpose, description=purpose)
        if name in asked:
            module = importlib.import_module(place)
            module.configure(command)
            command.set_defaults(run=module.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
