"""One audit from beginning to end."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from service.audit.acknowledged import by_shard, read_acknowledged
from service.audit.findings import Findings
from service.audit.stripe_counts import StripeCounts
from service.audit.witnesses import Witnesses
from service.ledger import keys
from service.ledger.connection import Client

PROGRESS_ENTRIES = 100_000


@dataclass(frozen=True, slots=True)
class Sources:
    """What is compared. `archive` holds the folders s00 to s15; the others may be None."""

    client: Client
    archive: Path
    acknowledged: Path | None
    stripe: StripeCounts | None


async def audit(sources: Sources, say: Callable[[str], None]) -> Findings:
    """Compare shard by shard, so that no more than one is in memory; `say` hears of the progress.

    Raises AcknowledgedFileError, LedgerFormatError, LedgerChangesError, ArchiveDamagedError, PaymentsUnavailableError,
    RedisError and OSError.
    """
    promised = by_shard(read_acknowledged(sources.acknowledged) if sources.acknowledged else ())
    findings = Findings(acknowledged=sum(map(len, promised.values())))
    witnesses = Witnesses(sources.client, sources.archive, _Progress(say))
    for shard in range(keys.SHARDS):
        books, mismatches = await witnesses.books(shard, promised.pop(shard, set()))
        if sources.acknowledged is None:
            books.unacknowledged = 0
        if sources.stripe is not None:
            customers = await witnesses.customers({place[0] for place in books.figures})
            await sources.stripe.add(customers, books.figures)
        findings.add(books, mismatches)
    return findings


class _Progress:
    """Says every now and then how far it is."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._entries = 0

    def __call__(self) -> None:
        self._entries += 1
        if self._entries % PROGRESS_ENTRIES == 0:
            self._say(f"{self._entries} entries read")
