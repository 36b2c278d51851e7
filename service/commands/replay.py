"""`billing replay`: the ledger again, from its archive."""

import argparse
import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from redis.exceptions import RedisError

from service.archive.reader import ArchiveDamagedError
from service.commands.command import add_archive, say
from service.commands.mistakes import Mistake
from service.config import RedisConfig
from service.errors import LedgerUnavailableError
from service.fitness import admit
from service.ledger.connection import Ledger, connect
from service.ledger.durability import find_faults
from service.replay.run import Replay, ReplayError
from service.telemetry.pipeline import create_resource, create_telemetry

NAME = "replay"
HELP = "rebuild the ledger in an empty Redis from the archive"
WRITE_TIMEOUT_SECONDS = 30.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_archive(parser, required=True)


def run(arguments: argparse.Namespace) -> int:
    redis = RedisConfig.from_env(os.environ)
    started = monotonic()
    try:
        entries = asyncio.run(_replay(redis, arguments.archive))
    except (ReplayError, ArchiveDamagedError) as error:
        raise Mistake(str(error)) from error
    except (RedisError, OSError, LedgerUnavailableError) as error:
        reason = error.__cause__ or error
        raise Mistake(f"cannot replay into {redis.address}: {reason}; expected an empty Redis that answers") from error
    print(f"replayed {entries} entries in {monotonic() - started:.1f} s")
    return 0


async def _replay(redis: RedisConfig, archive: Path) -> int:
    client = connect(redis, WRITE_TIMEOUT_SECONDS)
    try:
        ledger = Ledger(client, create_telemetry(create_resource("command", NAME), [], []))
        admit(await find_faults(ledger), redis)
        return await Replay(client, archive, datetime.now(UTC), say(NAME)).run()
    finally:
        await client.aclose()
