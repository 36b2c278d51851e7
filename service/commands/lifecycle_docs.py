"""`billing lifecycle-docs`: the page about a tenant's life."""

import argparse
import sys

from service.domain.lifecycle import load_lifecycle
from service.domain.lifecycle_page import page

NAME = "lifecycle-docs"
HELP = "print the page about a tenant's life"


def add_arguments(_: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(_: argparse.Namespace) -> int:
    sys.stdout.write(page(load_lifecycle()))
    return 0
