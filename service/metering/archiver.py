"""The duty to keep the journal on disk, after which the ledger forgets it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from service.archive.segments import SegmentWriter, shard_folder
from service.errors import ServiceError
from service.ledger.journal import ArchiveHead, Journal, JournalEntry
from service.ledger.shard_leases import ShardLease
from service.metering.shares import Shares
from service.telemetry.instruments import Instruments

BATCH = 1000

T = TypeVar("T")


class ArchiveWriteError(ServiceError):
    """The disk refuses the archive; the journal grows until it takes it again."""

    status = 503
    code = "archive_write"
    title = "The archive could not be written"


class Aside(Protocol):
    """Runs what blocks where it blocks nobody."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]: ...


class ArchiveDuty:
    """Appends the owned shards' journals to the archive: first it is on disk, then it is committed.

    A writer lasts as long as the lease and as all goes well; after any failure the next one starts from what was
    committed, in a segment of its own.
    """

    name = "archiving"
    pause_seconds = 0.5

    def __init__(
        self,
        journal: Journal,
        data_dir: Path,
        shares: Shares,
        instruments: Instruments,
        clock: Callable[[], datetime],
        aside: Aside = asyncio.to_thread,
        open_writer: Callable[[Path, int, ArchiveHead | None], SegmentWriter] = SegmentWriter,
    ) -> None:
        self._journal = journal
        self._data_dir = data_dir
        self._shares = shares
        self._instruments = instruments
        self._clock = clock
        self._aside = aside
        self._open_writer = open_writer
        self._writers: dict[tuple[int, int], SegmentWriter] = {}

    async def once(self) -> bool:
        """Archive a batch of each owned shard; raises what the ledger and the disk raise."""
        lags: list[float] = []
        self._forget_lost()

        async def archive(lease: ShardLease) -> bool:
            entries = await self._journal.take(lease.shard, BATCH)
            if entries:
                lags.append(self._age(entries[0]))
                await self._archive(lease, entries)
            return len(entries) == BATCH

        try:
            return await self._shares.each(archive)
        finally:
            self._instruments.archive_lag.set(max(lags, default=0))

    def close(self) -> None:
        """Close the files; nothing uncommitted is lost by it."""
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()

    async def _archive(self, lease: ShardLease, entries: list[JournalEntry]) -> None:
        """The writer is out of the table while it works, so that it is used no more if anything fails."""
        key = lease.shard, lease.fence
        writer = self._writers.pop(key, None) or await self._open(lease)
        try:
            head = await self._aside(lambda: writer.append(entries))
            await self._journal.archived(lease, head)
        except OSError as error:
            writer.close()
            raise ArchiveWriteError from error
        except ServiceError:
            writer.close()
            raise
        self._writers[key] = writer
        self._instruments.archive_entries.add(len(entries))

    async def _open(self, lease: ShardLease) -> SegmentWriter:
        head = await self._journal.head(lease.shard)
        return self._open_writer(shard_folder(self._data_dir, lease.shard), lease.fence, head)

    def _forget_lost(self) -> None:
        for shard, fence in list(self._writers):
            lease = self._shares.lease(shard)
            if lease is None or lease.fence != fence:
                self._writers.pop((shard, fence)).close()

    def _age(self, entry: JournalEntry) -> float:
        written_at = int(entry.id.partition("-")[0]) / 1000
        return max(0.0, self._clock().timestamp() - written_at)
