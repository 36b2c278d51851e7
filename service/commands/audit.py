"""`billing audit`: was every acknowledged event billed exactly once?"""

import argparse
import asyncio
import os
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

from redis.exceptions import RedisError

from service.archive.reader import ArchiveDamagedError
from service.audit.acknowledged import AcknowledgedFileError
from service.audit.findings import Findings
from service.audit.report import render_json, render_table
from service.audit.run import Sources, audit
from service.audit.stripe_counts import StripeCounts
from service.audit.witnesses import LedgerChangesError, LedgerFormatError
from service.commands.command import add_archive, add_output, say
from service.commands.mistakes import EXIT_DIFFERENCES, Mistake
from service.config import RedisConfig, StripeConfig, archive_folder
from service.domain.catalog import load_catalog
from service.errors import PaymentsRejectedError, PaymentsUnavailableError
from service.ledger.connection import connect
from service.metering.meters import meter_names
from service.payments.gateway import StripeGateway
from service.telemetry.pipeline import create_resource, create_telemetry

NAME = "audit"
HELP = "compare acknowledged events, ledger, archive and Stripe; exit 1 if they differ"
READ_TIMEOUT_SECONDS = 30.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--acknowledged", type=Path, metavar="FILE", help="what clients were promised, as JSON lines")
    parser.add_argument("--no-stripe", action="store_true", help="do not ask Stripe what it has counted")
    add_archive(parser)
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    redis = RedisConfig.from_env(os.environ)
    stripe = None if arguments.no_stripe else StripeConfig.from_env(os.environ)
    archive = arguments.archive or archive_folder(os.environ)
    try:
        findings = asyncio.run(_audit(redis, stripe, archive, arguments.acknowledged))
    except (AcknowledgedFileError, ArchiveDamagedError, LedgerChangesError) as error:
        raise Mistake(str(error)) from error
    except (PaymentsUnavailableError, PaymentsRejectedError) as error:
        raise Mistake(f"cannot ask Stripe: {error.__cause__ or error}; expected an answer, or --no-stripe") from error
    except (RedisError, OSError, LedgerFormatError) as error:
        raise Mistake(f"cannot read the ledger at {redis.address}: {error}; expected a billing ledger") from error
    print(render_json(findings) if arguments.output == "json" else render_table(findings))
    return 0 if findings.is_clean else EXIT_DIFFERENCES


async def _audit(redis: RedisConfig, stripe: StripeConfig | None, archive: Path, acknowledged: Path | None) -> Findings:
    async with AsyncExitStack() as stack:
        client = connect(redis, READ_TIMEOUT_SECONDS)
        stack.push_async_callback(client.aclose)
        counts = None
        if stripe is not None:
            gateway = StripeGateway(stripe, {}, create_telemetry(create_resource("command", NAME), [], []))
            stack.push_async_callback(gateway.close)
            counts = StripeCounts(gateway, meter_names(load_catalog()), datetime.now(UTC))
        return await audit(Sources(client, archive, acknowledged, counts), say(NAME))
