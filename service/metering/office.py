"""Wires the duties about usage for one worker."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex

from service.config import Config
from service.domain.catalog import load_catalog
from service.errors import LedgerUnavailableError
from service.ledger.connection import Ledger
from service.ledger.journal import Journal
from service.ledger.outbox import Outbox
from service.ledger.roster import Roster
from service.ledger.sealing import Sealing
from service.ledger.sent import SentReader
from service.ledger.shard_leases import ShardLeases
from service.ledger.stripe_tokens import StripeTokens
from service.ledger.tenant_pages import TenantPages
from service.ledger.tenants import TenantBook
from service.metering.archiver import ArchiveDuty
from service.metering.backlog import UnsentDuty
from service.metering.delivery import Courier
from service.metering.meters import MeterGateway, Meters, meter_names
from service.metering.rate import Rate
from service.metering.reconciler import Figures, ReconcileDuty
from service.metering.sealer import SealDuty
from service.metering.sender import SendDuty
from service.metering.shares import Shares
from service.telemetry.logs import log_event
from service.telemetry.pipeline import Telemetry

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MeteringOffice:
    """The duties about usage, and what they hold."""

    shares: Shares
    sealer: SealDuty
    sender: SendDuty
    archiver: ArchiveDuty
    reconciler: ReconcileDuty
    unsent: UnsentDuty

    @property
    def duties(self) -> tuple[Shares, SealDuty, SendDuty, ArchiveDuty, ReconcileDuty, UnsentDuty]:
        return self.shares, self.sealer, self.sender, self.archiver, self.reconciler, self.unsent

    async def close(self) -> None:
        """Hand the shards over; where the ledger does not answer, they pass on when the leases end."""
        self.archiver.close()
        try:
            await self.shares.release()
        except LedgerUnavailableError as error:
            attributes = {"error.cause": repr(error.__cause__)}
            log_event(_log, logging.WARNING, "shares.kept", "the shards could not be handed over", attributes)


def open_office(
    config: Config, ledger: Ledger, gateway: MeterGateway, telemetry: Telemetry, clock: Callable[[], datetime]
) -> MeteringOffice:
    """Build the duties; they begin with no shard."""
    instruments = telemetry.instruments
    terms, name = config.metering, f"{config.telemetry.instance_id}:{token_hex(4)}"
    meters = Meters(gateway, meter_names(load_catalog()))
    outbox, sent = Outbox(ledger), SentReader(ledger)
    leases = ShardLeases(ledger, terms.lease_seconds)
    shares = Shares(leases, Roster(ledger), name, terms.lease_seconds, instruments.metering_shards)
    rate = Rate(StripeTokens(ledger, terms.events_per_second))
    courier = Courier(outbox, sent, meters, rate, shares, telemetry, clock)
    figures = Figures(TenantBook(ledger), outbox, sent)
    return MeteringOffice(
        shares,
        SealDuty(Sealing(ledger), shares, instruments.metering_intents, terms.seal_grace_seconds, clock),
        SendDuty(outbox, courier, meters, shares, clock),
        ArchiveDuty(Journal(ledger), config.data_dir, shares, instruments, clock),
        ReconcileDuty(TenantPages(ledger), figures, meters, rate, shares, instruments, clock),
        UnsentDuty(outbox, shares, instruments, clock),
    )
