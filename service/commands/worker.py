"""`billing worker`: webhooks, reviews, and usage on its way to Stripe."""

import argparse
import asyncio
import os

from service.commands.command import warn_of_near_misses
from service.config import Config
from service.worker.process import work

NAME = "worker"
HELP = "seal, send and archive usage, deal with webhooks and reviews"


def add_arguments(_: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(_: argparse.Namespace) -> int:
    warn_of_near_misses()
    asyncio.run(work(Config.from_env(os.environ)))
    return 0
