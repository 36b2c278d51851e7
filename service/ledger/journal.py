"""The journal of a shard: every change of money or identity, written by the same script as the change itself.

Whoever applies the entries in order to an empty ledger has the ledger again. Every entry has `kind` and `tenant_id`:

    usage       event_id, event_type, value, timestamp, billed_hour ("" in trial), day, price, properties, claim
    correction  the same; event_id is the correction's id, claim what its claim says
    tenant      fields: the tenant's hash after the change, as JSON
    key         key_id, fields: the key's hash after the change, as JSON; revision: the keyring's
    audit       id, and the fields of that entry of the tenant's trail
    sealed      intent_id, event_type, hour, seq, value, timestamp, customer_id
    delivered   intent_id, value, at, how
    dead        intent_id, value, at, reason
    retried     intent_id, customer_id: a dead intent is to be sent again
    dropped     intent_id, value: a dead intent will never be sent

When a key was last used and what was tried to send an intent is not told: who rebuilds the ledger takes an intent that
has not ended as first sent when it was sealed, which is never too late.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from service.ledger import keys
from service.ledger.connection import Ledger, Operation
from service.ledger.scripts import load_script
from service.ledger.shard_leases import ShardLease, unfenced


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """`id` is the stream's: the milliseconds of the server's clock, a hyphen, a number."""

    id: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ArchiveHead:
    """Where the archive of a shard ends: the segment, its length in bytes, the last entry's id and its chain hash."""

    segment: str
    offset: int
    last_id: str
    chain: str


@dataclass(frozen=True, slots=True)
class JournalBacklog:
    """How much is not archived; `oldest_at` is when the first of it was written, in unix seconds."""

    entries: int
    oldest_at: float | None


class Journal:
    """Reads the journal for the archive; raises LedgerUnavailableError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._archive = load_script("archive_journal")

    async def take(self, shard: int, limit: int) -> list[JournalEntry]:
        """The first entries that are not archived, in order; the same ones again until `archived` is told of them."""
        found = await self._ledger.command(
            Operation.READ_JOURNAL, "XRANGE", keys.events(shard), "-", "+", "COUNT", str(limit)
        )
        return [JournalEntry(entry_id, fields) for entry_id, fields in found]

    async def archived(self, lease: ShardLease, head: ArchiveHead) -> None:
        """Commit the archive up to `head`, and forget what it holds; raises FenceLostError."""
        names = [keys.shard_lease(lease.shard), keys.events(lease.shard), keys.archive(lease.shard)]
        fields = ["segment", head.segment, "offset", str(head.offset), "last_id", head.last_id, "chain", head.chain]
        arguments: list[str | int] = [lease.fence, _next_id(head.last_id), *fields]
        unfenced(await self._ledger.script(Operation.ARCHIVE_JOURNAL, self._archive, names, arguments))

    async def head(self, shard: int) -> ArchiveHead | None:
        """None where nothing was ever archived."""
        held = await self._ledger.command(Operation.READ_JOURNAL, "HGETALL", keys.archive(shard))
        return ArchiveHead(held["segment"], int(held["offset"]), held["last_id"], held["chain"]) if held else None

    async def backlog(self, shard: int) -> JournalBacklog:
        name = keys.events(shard)
        entries = await self._ledger.command(Operation.READ_JOURNAL, "XLEN", name)
        first = await self._ledger.command(Operation.READ_JOURNAL, "XRANGE", name, "-", "+", "COUNT", "1")
        return JournalBacklog(int(entries), int(first[0][0].partition("-")[0]) / 1000 if first else None)


def _next_id(entry_id: str) -> str:
    milliseconds, _, number = entry_id.partition("-")
    return f"{milliseconds}-{int(number) + 1}"
