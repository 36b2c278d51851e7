"""`billing archive verify`: is the archive what was written?"""

import argparse
import asyncio
import os
from pathlib import Path

from service.archive.reader import ArchiveDamagedError, read_archive
from service.commands.command import add_archive, say
from service.commands.mistakes import EXIT_DIFFERENCES, Mistake
from service.config import RedisConfig, archive_folder
from service.errors import LedgerUnavailableError
from service.ledger import keys
from service.ledger.connection import Ledger, connect
from service.ledger.journal import ArchiveHead, Journal
from service.telemetry.pipeline import create_resource, create_telemetry

NAME = "archive"
HELP = "verify the archive's chain of hashes; exit 1 if it is damaged"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    deeds = parser.add_subparsers(required=True, metavar="ACTION", dest="deed")
    verifying = deeds.add_parser("verify", help="read every line, up to what the ledger has committed")
    verifying.add_argument("--no-ledger", action="store_true", help="the ledger is gone: verify all that is there")
    add_archive(verifying)


def run(arguments: argparse.Namespace) -> int:
    archive: Path = arguments.archive or archive_folder(os.environ)
    if not archive.is_dir():
        raise Mistake(f"{archive}: no folder; expected that of an archive, with s00 to s15 in it")
    heads = {} if arguments.no_ledger else _heads(RedisConfig.from_env(os.environ))
    entries, damages = 0, 0
    for shard in range(keys.SHARDS):
        if not arguments.no_ledger and heads[shard] is None:
            continue
        try:
            entries += sum(1 for _ in read_archive(archive / f"s{shard:02d}", heads.get(shard)))
        except ArchiveDamagedError as error:
            damages += 1
            print(f"damaged: {error}")
        say(NAME)(f"shard {shard}, {entries} entries so far")
    print(f"{entries} entries verified, {damages} shards damaged")
    return EXIT_DIFFERENCES if damages else 0


def _heads(redis: RedisConfig) -> dict[int, ArchiveHead | None]:
    try:
        return asyncio.run(_read_heads(redis))
    except LedgerUnavailableError as error:
        reason = f"cannot reach the ledger at {redis.address}: {error.__cause__}"
        raise Mistake(f"{reason}; expected a billing ledger, or --no-ledger") from error


async def _read_heads(redis: RedisConfig) -> dict[int, ArchiveHead | None]:
    ledger = Ledger(connect(redis), create_telemetry(create_resource("command", NAME), [], []))
    try:
        return {shard: await Journal(ledger).head(shard) for shard in range(keys.SHARDS)}
    finally:
        await ledger.close()
