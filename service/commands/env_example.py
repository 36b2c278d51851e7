"""`billing env-example`: the file `.env.example`."""

import argparse
import sys

from service.config.variables import example_file

NAME = "env-example"
HELP = "print .env.example, with every variable that the service reads"


def add_arguments(_: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(_: argparse.Namespace) -> int:
    sys.stdout.write(example_file())
    return 0
