"""`billing secrets`: a fresh value for each secret that is ours to choose."""

import argparse
import json

from service.config.generation import generate

NAME = "secrets"
HELP = "print fresh secrets that keep the rules, as lines for .env"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", choices=("env", "json"), default="env")


def run(arguments: argparse.Namespace) -> int:
    made = generate()
    as_lines = "\n".join(f"{name}={value}" for name, value in made.items())
    print(json.dumps(made) if arguments.output == "json" else as_lines)
    return 0
