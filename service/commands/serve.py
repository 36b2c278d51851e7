"""`billing serve`: the API."""

import argparse
import asyncio
import os

from service.commands.command import warn_of_near_misses
from service.commands.mistakes import Mistake
from service.config import Config
from service.server import ListenError, serve

NAME = "serve"
HELP = "serve the API until SIGTERM"


def add_arguments(_: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(_: argparse.Namespace) -> int:
    warn_of_near_misses()
    config = Config.from_env(os.environ)
    try:
        asyncio.run(serve(config))
    except ListenError as error:
        raise Mistake(str(error)) from error
    return 0
