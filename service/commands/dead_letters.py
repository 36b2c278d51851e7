"""`billing dead-letters`: what was given up, and what becomes of it."""

import argparse
import asyncio
import json
import os
from collections.abc import Iterable
from dataclasses import asdict

from service.commands.command import add_output
from service.commands.mistakes import Mistake
from service.config import RedisConfig
from service.dead_letters import Kind, Letter, office
from service.errors import LedgerUnavailableError, NotFoundError
from service.ledger.connection import Ledger, connect
from service.telemetry.pipeline import create_resource, create_telemetry

NAME = "dead-letters"
HELP = "list usage and webhooks that were given up; have them tried again, or drop them"
_MAX_REASON = 500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    deeds = parser.add_subparsers(required=True, metavar="ACTION", dest="deed")
    listing = deeds.add_parser("list", help="what was given up, and why")
    add_output(listing)
    retrying = deeds.add_parser("retry", help="have it tried again")
    retrying.add_argument("--reason", default="retried by the operator", help="for the tenant's audit trail")
    dropping = deeds.add_parser("drop", help="let it never happen: usage is not billed, a webhook takes no effect")
    dropping.add_argument("--reason", required=True, help="for the tenant's audit trail")
    for settling in (retrying, dropping):
        settling.add_argument("id", nargs="+", metavar="ID", help="as it is listed")
    for each in (listing, retrying, dropping):
        each.add_argument("--kind", choices=tuple(Kind), type=Kind, default=Kind.USAGE)


def run(arguments: argparse.Namespace) -> int:
    redis = RedisConfig.from_env(os.environ)
    try:
        if arguments.deed == "list":
            letters = asyncio.run(_list(redis, arguments.kind))
            print(_render(letters, arguments.output))
        else:
            _judge_reason(arguments.reason)
            asyncio.run(_settle(redis, arguments))
    except LedgerUnavailableError as error:
        reason = f"cannot reach the ledger at {redis.address}: {error.__cause__}"
        raise Mistake(f"{reason}; expected a billing ledger") from error
    return 0


async def _list(redis: RedisConfig, kind: Kind) -> list[Letter]:
    ledger = _open(redis)
    try:
        return [letter async for letter in office(kind, ledger).letters()]
    finally:
        await ledger.close()


async def _settle(redis: RedisConfig, arguments: argparse.Namespace) -> None:
    ledger = _open(redis)
    settling = office(arguments.kind, ledger)
    settle = settling.retry if arguments.deed == "retry" else settling.drop
    try:
        for letter_id in arguments.id:
            await settle(letter_id, arguments.reason)
            print(f"{letter_id} {'is tried again' if arguments.deed == 'retry' else 'is dropped'}")
    except NotFoundError as error:
        expected = f"the id of one of those that `billing dead-letters list --kind {arguments.kind}` shows"
        raise Mistake(f"{letter_id!r} is no dead letter; expected {expected}") from error
    finally:
        await ledger.close()


def _open(redis: RedisConfig) -> Ledger:
    return Ledger(connect(redis), create_telemetry(create_resource("command", NAME), [], []))


def _judge_reason(reason: str) -> None:
    if not reason.strip() or len(reason) > _MAX_REASON:
        raise Mistake(f"--reason has {len(reason)} characters; expected a reason of 1 to {_MAX_REASON}")


def _render(letters: Iterable[Letter], output: str) -> str:
    if output == "json":
        return json.dumps([asdict(letter) for letter in letters])
    lines = [f"{each.id}  {each.what}  since {each.at}, {each.tries} tries: {each.reason}" for each in letters]
    return "\n".join(lines) or "no dead letters"
