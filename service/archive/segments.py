"""Segments: the files of a shard's archive, each written by one worker under one lease and never by another.

    DATA_DIR/archive/sNN/<fence, 16 digits>-<number, 6 digits>.jsonl

The first line of a segment says after which place of which segment it goes on. What the earlier one holds beyond that
place was never committed: a worker died, or slept past its lease, between writing and committing. It is cut off by
being passed over; the file itself is not touched, since a worker that slept could still write to its end.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from io import FileIO
from pathlib import Path

from service.archive.chain import GENESIS, forge
from service.errors import ServiceError
from service.ledger.journal import ArchiveHead, JournalEntry

SEGMENT_BYTES = 64 * 1024 * 1024
SUFFIX = ".jsonl"


class ArchiveMissingError(ServiceError):
    """The archive does not reach as far as the ledger says. Nothing may be added before a person has looked."""

    status = 503
    code = "archive_missing"
    title = "The archive is not what was committed"


def shard_folder(data_dir: Path, shard: int) -> Path:
    return data_dir / "archive" / f"s{shard:02d}"


class SegmentWriter:
    """Appends to one shard's archive after `head`; not for use by two threads. Raises OSError.

    `sync` makes a file, or a folder's list of files, survive a loss of power.
    """

    def __init__(
        self,
        folder: Path,
        fence: int,
        head: ArchiveHead | None,
        segment_bytes: int = SEGMENT_BYTES,
        sync: Callable[[int], None] = os.fsync,
    ) -> None:
        self._folder = folder
        self._fence = fence
        self._segment_bytes = segment_bytes
        self._sync = sync
        self._head = head
        self._file: FileIO | None = None
        self._offset = 0
        self._chain = GENESIS if head is None else head.chain

    def append(self, entries: Sequence[JournalEntry]) -> ArchiveHead:
        """Write the entries, at least one, so that they stay, and return the place behind them."""
        file = self._roomy()
        chain, lines = self._chain, []
        for entry in entries:
            line, chain = forge(chain, {"id": entry.id, "fields": dict(entry.fields)})
            lines.append(line)
        self._write(file, b"".join(lines))
        self._sync(file.fileno())
        self._chain = chain
        self._head = ArchiveHead(Path(os.fsdecode(file.name)).stem, self._offset, entries[-1].id, chain)
        return self._head

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _roomy(self) -> FileIO:
        if self._file is None or self._offset >= self._segment_bytes:
            self.close()
            self._file = self._create()
        return self._file

    def _create(self) -> FileIO:
        """A new segment; the folder is synced so that it is found again."""
        _check_reaches(self._folder, self._head)
        missing = [each for each in (self._folder, *self._folder.parents) if not each.exists()]
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._unused()
        file = FileIO(path, "xb")
        self._offset = 0
        head = self._head
        line, self._chain = forge(self._chain, _header(path.stem, head))
        self._write(file, line)
        for folder in (self._folder, *(each.parent for each in missing)):
            self._sync_folder(folder)
        return file

    def _unused(self) -> Path:
        taken = [int(path.stem.partition("-")[2]) for path in self._folder.glob(f"{self._fence:016d}-*{SUFFIX}")]
        return self._folder / f"{self._fence:016d}-{max(taken, default=0) + 1:06d}{SUFFIX}"

    def _write(self, file: FileIO, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[file.write(view) or 0 :]
        self._offset += len(data)

    def _sync_folder(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            self._sync(descriptor)
        finally:
            os.close(descriptor)


def _header(segment: str, head: ArchiveHead | None) -> Mapping[str, object]:
    """The content of a segment's first line."""
    after = None if head is None else {"segment": head.segment, "offset": head.offset, "last_id": head.last_id}
    return {"segment": segment, "after": after}


def _check_reaches(folder: Path, head: ArchiveHead | None) -> None:
    """Raises ArchiveMissingError unless the segment that `head` names is there and as long as it says."""
    if head is None:
        return
    path = folder / f"{head.segment}{SUFFIX}"
    length = path.stat().st_size if path.exists() else 0
    if length < head.offset:
        raise ArchiveMissingError(f"{path}: expected {head.offset} bytes that were committed, found {length}")
