"""`billing check-env`: would the service start with this environment?"""

import argparse
import json
import os
from dataclasses import asdict

from service.commands.command import add_output
from service.commands.mistakes import EXIT_CONFIG
from service.config import Config, ConfigError
from service.config.near_misses import near_misses
from service.config.problems import Problem

NAME = "check-env"
HELP = "judge every variable of the environment; exit 78 if one is bad"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    problems, warnings = _problems(), near_misses(os.environ)
    print(_json(problems, warnings) if arguments.output == "json" else _table(problems, warnings))
    return EXIT_CONFIG if problems else 0


def _problems() -> list[Problem]:
    try:
        Config.from_env(os.environ)
    except ConfigError as error:
        return list(error.problems)
    return []


def _json(problems: list[Problem], warnings: list[Problem]) -> str:
    told = {"ok": not problems, "problems": list(map(asdict, problems)), "warnings": list(map(asdict, warnings))}
    return json.dumps(told)


def _table(problems: list[Problem], warnings: list[Problem]) -> str:
    lines = [f"bad   {each}" for each in problems] + [f"warn  {each}" for each in warnings]
    return "\n".join(lines) or "every variable is good"
